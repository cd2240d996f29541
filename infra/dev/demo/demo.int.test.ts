/** The demo itself: its story is checked from inside, so the exit code says whether it came true. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { root } from '../flags.ts'

const run = (folder: string, args: readonly string[] = []) => {
  const { DUNLIN_NATS_URL: _theirs, ...env } = process.env
  const main = ['--conditions=dunlin-source', 'infra/dev/main.ts', 'demo', ...args]
  // Its data directory is made below TMPDIR: what stays there, and who still names it, is of this run.
  const child = spawn(process.execPath, main, {
    cwd: root,
    env: { ...env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const text = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()))
  return { child, text, exited: once(child, 'exit') }
}

const leftBehind = (folder: string): readonly string[] =>
  readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(folder)
    } catch {
      return false
    }
  })

it('tells its story to the end, records it, and leaves nothing behind', { timeout: 180_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dunlin-demo-test-'))
  const { text, exited } = run(folder, ['--record', join(folder, 'history.jsonl')])
  const [code] = (await exited) as [number]
  expect({ code, told: text.err }).toMatchObject({ code: 0 })
  expect(text.out).toMatch(/is failed: failure_threshold, window \d+: \d+ of \d+ failed/)
  expect(text.out).toContain('3 recorded decisions were computed again, 3 agree')
  expect(text.out).toContain('What the log holds')
  expect(text.out).toMatch(/Version 2 reached edge-\d and edge-\d, 2 of 5/)
  expect(readFileSync(join(folder, 'history.jsonl'), 'utf8')).toContain('"RolloutHalted"')
  expect(leftBehind(folder)).toEqual([])
  expect(readdirSync(folder).filter((name) => name.startsWith('dunlin-demo-'))).toEqual([])
  rmSync(folder, { recursive: true, force: true })
})

it('can be interrupted in the middle of a rollout', { timeout: 180_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dunlin-demo-test-'))
  const { child, text, exited } = run(folder)
  while (!text.out.includes('version 1 running')) {
    expect({ ended: child.exitCode, told: text.err }).toMatchObject({ ended: null })
    await delay(50)
  }
  child.kill('SIGINT')
  expect(await exited).toEqual([130, null])
  expect(leftBehind(folder)).toEqual([])
  rmSync(folder, { recursive: true, force: true })
})
