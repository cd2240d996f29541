import { silentLogger } from '@dunlin/runtime/agent'
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { makeDataDir } from '../../testing/node.ts'
import type { Engine } from './engine.ts'
import { followLogs } from './log-follower.ts'

let root: string
beforeEach(() => {
  root = makeDataDir()
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

it('goes on when the task can be written to again, and loses nothing', async () => {
  const logPath = join(root, 'engine.log')
  const dir = join(root, 'task')
  const line = (text: string): string => `${JSON.stringify({ log: `${text}\n`, stream: 'stdout', time: 'now' })}\n`
  writeFileSync(logPath, line('one'))
  mkdirSync(dir)
  // Nothing can be written there, as on a full disk.
  writeFileSync(join(dir, 'logs'), '')
  const warnings: string[] = []
  const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) }
  // Only what a follower asks an engine.
  const engine = { state: () => Promise.resolve({ is: 'running', logPath }) } as unknown as Engine
  const follower = followLogs({ engine, id: 'c1', dir, logger })
  await vi.waitFor(() => expect(warnings).toHaveLength(1), { timeout: 15_000 })
  rmSync(join(dir, 'logs'))
  appendFileSync(logPath, line('two'))
  const output = (): string => readFileSync(join(dir, 'logs', 'stdout'), 'utf8')
  await vi.waitFor(() => expect(output()).toBe('one\ntwo\n'), { timeout: 15_000 })
  await follower.finish()
  expect(output()).toBe('one\ntwo\n')
})
