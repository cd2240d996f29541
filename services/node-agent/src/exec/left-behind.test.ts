import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeDataDir } from '../testing/node.ts'
import { endLeftCommands, noteCommand } from './left-behind.ts'

let dataDir: string
let child: ChildProcess

beforeEach(() => {
  dataDir = makeDataDir()
  child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' })
})
afterEach(() => {
  child.kill('SIGKILL')
})

it('ends what an agent that was killed left behind, once', async () => {
  noteCommand(dataDir, child.pid ?? 0)
  const exit = once(child, 'exit')
  expect(endLeftCommands(dataDir)).toBe(1)
  expect(await exit).toEqual([null, 'SIGKILL'])
  expect(endLeftCommands(dataDir)).toBe(0)
  expect(readdirSync(join(dataDir, 'exec'))).toEqual([])
})

it('has nothing to end when a command ended with its question', () => {
  noteCommand(dataDir, child.pid ?? 0)()
  expect(endLeftCommands(dataDir)).toBe(0)
})

it.each([
  ['another start', ([, boot = '']: string[]) => `7 ${boot}`],
  ['another boot', ([ticks = '']: string[]) => `${ticks} another-boot`],
  ['nothing', () => ''],
])('leaves a process alone whose note tells of %s', (_, other) => {
  noteCommand(dataDir, child.pid ?? 0)
  const file = join(dataDir, 'exec', String(child.pid))
  writeFileSync(file, `${other(readFileSync(file, 'utf8').trim().split(' '))}\n`)
  expect(endLeftCommands(dataDir)).toBe(0)
  expect(child.exitCode ?? child.signalCode).toBeNull()
})
