import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SHIM } from './shim.ts'
import { readPid } from './task-dir.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dunlin-task-'))
  mkdirSync(join(dir, 'logs'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

describe('the pid file', () => {
  it('names a group that may be signalled, or nothing', () => {
    const read = (text: string): unknown => {
      writeFileSync(join(dir, 'pid'), text)
      return readPid(dir)?.shimPid
    }
    expect(read('1 20 5 boot 19 4\n')).toBe(19)
    for (const group of ['1', '0', '-1', '', 'x', '1.5']) expect(read(`1 20 5 boot ${group} 4\n`)).toBeUndefined()
    expect(read('1 1 5 boot 19 4\n')).toBeUndefined()
  })
  it('is not written, nor the command started, when the shim is gone before its command begins', () => {
    const started = join(dir, 'started')
    const run = (shim: string) =>
      spawnSync('/bin/sh', ['-c', shim, 'dunlin-shim', dir, '1', '/', '-', '0', '/bin/sh', '-c', `: > '${started}'`])
    // As if another process had adopted the inner shell: its parent is not the one that it was told.
    run(SHIM.replace('"$$" "$@"', '"1" "$@"'))
    expect(existsSync(started)).toBe(false)
    expect(readPid(dir)).toBeUndefined()
    rmSync(join(dir, 'claim.1'), { recursive: true })
    run(SHIM)
    expect(existsSync(started)).toBe(true)
    expect(readPid(dir)?.attempt).toBe(1)
  })
})
