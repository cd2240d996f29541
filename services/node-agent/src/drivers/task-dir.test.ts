import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SHIM } from './shim.ts'
import { readExit, readPid } from './task-dir.ts'

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
      spawnSync('/bin/sh', [
        '-c',
        shim,
        'dunlin-shim',
        dir,
        '1',
        '/',
        '-',
        'boot',
        '0',
        '/bin/sh',
        '-c',
        `: > '${started}'`,
      ])
    // As if another process had adopted the fork: its parent is not the shim.
    run(SHIM.replace('"$_dn_parent" = "$$"', '"$_dn_parent" = 1'))
    expect(existsSync(started)).toBe(false)
    expect(readPid(dir)).toBeUndefined()
    rmSync(join(dir, 'claim.1'), { recursive: true })
    run(SHIM)
    expect(existsSync(started)).toBe(true)
    expect(readPid(dir)?.attempt).toBe(1)
  })

  it.for<readonly [string, readonly string[]]>([
    ['sh', []],
    ['bash', ['--posix']],
    ['busybox', ['sh']],
  ])('names the command itself and the shim, also when %s reads the shim', ([shell, first], { skip }) => {
    if (spawnSync(shell, [...first, '-c', ':']).error) skip(`there is no ${shell} here`)
    // What the command says of itself, after a signal that only the shim survives.
    const command = 'kill -TERM $PPID; echo $$ $PPID; cut -d " " -f 22 /proc/$$/stat; cut -d " " -f 22 /proc/$PPID/stat'
    const args = ['-c', SHIM, 'dunlin-shim', dir, '1', '/', '-', 'boot', '0', '/bin/sh', '-c', `${command}; exit 3`]
    spawnSync(shell, [...first, ...args])
    const [pid, shimPid, startTicks, shimStartTicks] = readFileSync(join(dir, 'logs', 'stdout'), 'utf8').split(/\s/)
    expect(readPid(dir)).toEqual({
      attempt: 1,
      pid: Number(pid),
      startTicks,
      boot: 'boot',
      shimPid: Number(shimPid),
      shimStartTicks,
    })
    expect(readExit(dir)).toMatchObject({ attempt: 1, code: 3 })
  })

  it('is taken for nothing while its line is not whole', () => {
    for (const text of ['1 20 5 boot 19 4', '1 20 5 boot 1', '']) {
      writeFileSync(join(dir, 'pid'), text)
      expect(readPid(dir)).toBeUndefined()
    }
    writeFileSync(join(dir, 'exit'), '1 13')
    expect(readExit(dir)).toBeUndefined()
  })

  it('is written by one shim of an attempt: a second one starts nothing', () => {
    const run = (attempt: string) =>
      spawnSync('/bin/sh', [
        '-c',
        SHIM,
        'dunlin-shim',
        dir,
        attempt,
        '/',
        '-',
        'boot',
        '0',
        '/bin/sh',
        '-c',
        'echo started; exit 5',
      ])
    for (const attempt of ['1', '1', '2']) expect(run(attempt).status).toBe(0)
    expect(readFileSync(join(dir, 'logs', 'stdout'), 'utf8')).toBe('started\nstarted\n')
    expect(readExit(dir)).toMatchObject({ attempt: 2, code: 5 })
  })
})
