/** Whom a pid file means, and when nobody may be told. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeDataDir } from '../../testing/node.ts'
import { readerOf, thisMachine, type Machine } from './pid-file.ts'

let dir: string
let file: string
beforeEach(() => {
  dir = makeDataDir()
  file = join(dir, 'pid')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const HOUR = 3_600_000
const BOOTED = 1_000 * HOUR
const machine = (over: { started?: number; written: number; inMemory?: boolean }): Machine => ({
  bootedMs: () => BOOTED,
  startedMs: () => over.started,
  writtenMs: () => over.written,
  isInMemory: () => over.inMemory ?? false,
})
const whyNot = (over: Parameters<typeof machine>[0]): string => {
  writeFileSync(file, '4242\n')
  const reader = readerOf(file, machine(over))
  return 'why' in reader ? reader.why : `told ${reader.pid}`
}

describe('a pid file', () => {
  it('means a process that was there when it was written', () => {
    const started = BOOTED + HOUR
    expect(whyNot({ started, written: started + 20 })).toBe('told 4242')
    expect(whyNot({ started, written: started + 40 * HOUR })).toBe('told 4242')
    // The clock was put right by some seconds in between.
    expect(whyNot({ started, written: started - 30_000 })).toBe('told 4242')
  })

  it('does not mean who got the number later, in this boot or after another one', () => {
    const started = BOOTED + 2 * HOUR
    expect(whyNot({ started, written: BOOTED + HOUR })).toContain('process 4242 began after')
    expect(whyNot({ started, written: BOOTED - HOUR })).toContain('process 4242 began after')
    expect(whyNot({ started, written: BOOTED + HOUR, inMemory: true })).toContain('process 4242 began after')
  })

  it('cannot be older than the boot where it lies in memory: the clock was set since', () => {
    expect(whyNot({ started: BOOTED + HOUR, written: BOOTED - 9_000 * HOUR, inMemory: true })).toBe('told 4242')
  })

  it.each([
    ['nothing', ''],
    ['everybody', '-1'],
    ['the group of the agent', '0'],
    ['the host', '1'],
    ['words', '12 34'],
  ])('that names %s is none', (_, text) => {
    writeFileSync(file, text)
    expect(readerOf(file, machine({ started: 0, written: 0 }))).toEqual({ why: `${file} holds no process id` })
  })

  it('is asked of the real machine: a process, its remains, the agent, nobody', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' })
    writeFileSync(file, String(child.pid))
    expect(readerOf(file)).toEqual({ pid: child.pid })
    const long = new Date(Math.max(0, thisMachine.bootedMs() - 24 * HOUR))
    utimesSync(file, long, long)
    const lies = { ...thisMachine, isInMemory: () => false }
    expect(readerOf(file, lies)).toEqual({ why: expect.stringContaining('another one than the file means') })
    child.kill()
    await once(child, 'exit')
    expect(readerOf(file)).toEqual({ why: `process ${child.pid} of ${file} is not running` })
    writeFileSync(file, String(process.pid))
    expect(readerOf(file)).toEqual({ why: `${file} names the agent itself (${process.pid})` })
    rmSync(file)
    expect(readerOf(file)).toEqual({ why: `${file} is not there, so nobody could be told` })
  })
})
