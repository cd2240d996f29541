import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { expectedGroups } from './expected.ts'
import { findCgroups } from './find.ts'

let root: string
let base: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dunlin-expected-'))
  base = join(root, 'base')
})
afterEach(() => {
  vi.useRealTimers()
  rmSync(root, { recursive: true, force: true })
})

it('makes all groups before the kernel begins to wait, once for those that are expected together', async () => {
  const there: string[][] = []
  const hurry = () => Promise.resolve(void there.push(readdirSync(base).toSorted()))
  const groups = expectedGroups({ base, hurry })
  for (const name of ['a.1', 'b.1', 'a.1']) groups.expect(name)
  await vi.waitFor(() => expect(there).toEqual([['a.1', 'b.1']]), 20_000)
  groups.expect('a.1')
  groups.expect('c.1')
  const second = [
    ['a.1', 'b.1'],
    ['a.1', 'b.1', 'c.1'],
  ]
  await vi.waitFor(() => expect(there).toEqual(second), 20_000)
})

it('makes none while the kernel waits, and none for what has begun meanwhile', async () => {
  const waits: PromiseWithResolvers<void>[] = []
  const hurry = () => {
    const wait = Promise.withResolvers<void>()
    waits.push(wait)
    return wait.promise
  }
  const groups = expectedGroups({ base, hurry })
  groups.expect('a.1')
  await vi.waitFor(() => expect(waits).toHaveLength(1), 20_000)
  for (const name of ['b.1', 'c.1']) groups.expect(name)
  groups.begins('b.1')
  await new Promise((resolve) => setImmediate(resolve))
  expect(readdirSync(base)).toEqual(['a.1'])
  waits[0]?.resolve()
  await vi.waitFor(() => expect(waits).toHaveLength(2), 20_000)
  expect(readdirSync(base).toSorted()).toEqual(['a.1', 'c.1'])
})

it('takes away the group of an attempt that did not begin, and no other', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  let hurried = Promise.withResolvers<void>()
  const groups = expectedGroups({ base, hurry: () => Promise.resolve(hurried.resolve()), forMs: 1_000 })
  groups.expect('begun.1')
  groups.expect('not.1')
  await hurried.promise
  hurried = Promise.withResolvers()
  groups.begins('begun.1')
  vi.advanceTimersByTime(999)
  expect(readdirSync(base).toSorted()).toEqual(['begun.1', 'not.1'])
  vi.advanceTimersByTime(1)
  expect(readdirSync(base)).toEqual(['begun.1'])
  // Expected once more, it is made once more; with the last one the folder of all goes too.
  rmSync(join(base, 'begun.1'), { recursive: true })
  groups.expect('not.1')
  await hurried.promise
  vi.advanceTimersByTime(1_000)
  expect(existsSync(base)).toBe(false)
})

it('takes away what has not begun when the agent ends', () => {
  const script = `
    import { expectedGroups } from ${JSON.stringify(join(import.meta.dirname, 'expected.ts'))}
    const groups = expectedGroups({ base: ${JSON.stringify(base)}, hurry: () => {
      groups.begins('begun.1')
      return Promise.resolve()
    } })
    for (const name of ['begun.1', 'not.1']) groups.expect(name)`
  const args = ['--conditions=dunlin-source', '--input-type=module', '-e', script]
  expect(spawnSync(process.execPath, args, { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  expect(readdirSync(base)).toEqual(['begun.1'])
})

it('leaves it to the start to say what cannot be done', async () => {
  writeFileSync(base, 'a file, and no folder')
  const prepare = vi.fn<() => Promise<void>>()
  const groups = expectedGroups({ base, prepare, hurry: () => Promise.resolve() })
  groups.expect('a.1')
  groups.begins('a.1')
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(prepare).not.toHaveBeenCalled()
})

it('makes an empty group on this machine and moves nobody', async ({ skip }) => {
  const dataDir = join(root, 'agent')
  const backend = findCgroups(dataDir)
  // Only in a tree of version 1 is this process not moved by finding out.
  if (backend.kind !== 'v1' || !backend.contains) skip('no control groups of version 1 that can be written')
  const before = readFileSync('/proc/self/cgroup', 'utf8')
  backend.expect('x.1')
  const made = await backend.create('x.1', 1, {})
  await vi.waitFor(() => expect(existsSync(made.tree ?? '')).toBe(true), 20_000)
  backend.expect('y.1')
  const second = await backend.create('y.1', 1, {})
  for (const { tree = '' } of [made, second]) expect(readFileSync(join(tree, 'cgroup.procs'), 'utf8')).toBe('')
  expect(readFileSync('/proc/self/cgroup', 'utf8')).toBe(before)
  await backend.reap(join(root, 'tasks'))
  expect([made, second].map(({ tree = '' }) => existsSync(tree))).toEqual([false, false])
})
