import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { withLock } from './lock.mjs'

let clone: string
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'dunlin-lock-'))
})
afterEach(() => rmSync(clone, { recursive: true }))

test('two set-ups take turns', async () => {
  const events: string[] = []
  const work = (name: string) => async () => {
    events.push(`${name} begins`)
    await delay(30)
    events.push(`${name} ends`)
  }
  await Promise.all([withLock(clone, work('a')), withLock(clone, work('b'))])
  expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
})

test('the lock is given back when the work fails', async () => {
  const failing = withLock(clone, () => Promise.reject(new Error('no room')))
  await expect(failing).rejects.toThrow('no room')
  expect(existsSync(join(clone, '.dunlin', 'setup.lock'))).toBe(false)
})

test('the lock of a process that is gone is taken over', async () => {
  const gone = spawnSync(process.execPath, ['-e', '']).pid
  mkdirSync(join(clone, '.dunlin'))
  writeFileSync(join(clone, '.dunlin', 'setup.lock'), String(gone))
  expect(await withLock(clone, async () => 'done')).toBe('done')
})
