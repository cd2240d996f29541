/** When heartbeats come, on a virtual clock: the instants below are exact, and nothing waits. */
import type { DesiredExecution } from '@dunlin/contracts/agent'
import { createVirtualClock } from '@dunlin/testkit'
import { rmSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { documentOf, entryFor, makeDataDir, NODE, sh } from '../testing/node.ts'
import { firstWith, startVirtualNode, type VirtualNode } from '../testing/virtual-node.ts'
import { BEATS_APART_MS, WINDOWS_SHARE_MS } from './pace.ts'

let dataDir: string
let node: VirtualNode

beforeEach(async () => {
  dataDir = makeDataDir()
  node = await startVirtualNode(dataDir, createVirtualClock)
})
afterEach(async () => {
  await node.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

const health = { intervalMs: 10_000, maxErrorRate: 0.05, successThreshold: 2, failureThreshold: 3, deadlineMs: 300_000 }
const entry = (seq: number, name: string, over: Partial<typeof health> = {}): DesiredExecution =>
  entryFor(node.centre, seq, sh(''), { job: { namespace: 'd', name }, health: { ...health, ...over } })

/** When the node said that an execution begins, by the wall clock that heartbeats show too. */
const startingAt = ({ execution }: DesiredExecution): number =>
  node.centre.commits
    .flatMap(({ commit }) => commit.ev)
    .flatMap((event) => (event.type === 'ExecutionReported' && event.execution === execution ? [event.at] : []))[0] ?? 0

describe('a heartbeat', () => {
  it('shows the end of a window when it comes, not with the next regular beat', async () => {
    await node.pass(3_700)
    const one = entry(5, 'a')
    node.centre.write(documentOf(5, one), NODE)
    await node.pass(35_000)
    for (const k of [1, 2, 3]) {
      const beat = firstWith(node.centre.heartbeats, one.execution, k)
      expect(beat?.at).toBe(startingAt(one) + k * 10_000)
    }
    // The regular beats of before: none of them coincides with the end of a window.
    expect((startingAt(one) - (node.centre.heartbeats[0]?.at ?? 0)) % 10_000).not.toBe(0)
  })

  it('is shared by windows that end within a few milliseconds', async () => {
    const [one, two] = [entry(5, 'a'), entry(6, 'b')]
    node.centre.write(documentOf(5, one), NODE)
    await node.pass(3)
    node.centre.write(documentOf(6, one, two), NODE)
    await node.pass(30_000)
    const apart = startingAt(two) - startingAt(one)
    expect(apart).toBeGreaterThan(0)
    expect(apart).toBeLessThanOrEqual(WINDOWS_SHARE_MS)
    for (const k of [1, 2]) {
      const beat = firstWith(node.centre.heartbeats, one.execution, k)
      expect(beat?.n).toBe(firstWith(node.centre.heartbeats, two.execution, k)?.n)
      expect(beat?.at).toBe(startingAt(two) + k * 10_000)
    }
  })

  it('never follows another within 100 ms, however many windows end, and shows each at the next chance', async () => {
    const all: DesiredExecution[] = []
    for (let index = 0; index < 5; index++) {
      all.push(entry(5 + index, `j${index}`, { intervalMs: 200, successThreshold: 50 }))
      node.centre.write(documentOf(5 + index, ...all), NODE)
      await node.pass(37)
    }
    await node.pass(4_000)
    const { heartbeats } = node.centre
    const pauses = heartbeats.slice(1).map(({ at }, index) => at - (heartbeats[index]?.at ?? 0))
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(BEATS_APART_MS - 1) // `at` is rounded down to a millisecond
    for (const one of all)
      for (let k = 1; k <= 15; k++) {
        const shownAfterMs = (firstWith(heartbeats, one.execution, k)?.at ?? Infinity) - startingAt(one) - k * 200
        expect(shownAfterMs).toBeLessThanOrEqual(BEATS_APART_MS + WINDOWS_SHARE_MS)
      }
  })

  it('keeps showing windows of an execution that is sick, until it is healthy again', async () => {
    const one = entry(5, 'a', { intervalMs: 1_000 })
    node.centre.write(documentOf(5, one), NODE)
    await node.pass(100)
    const state = node.driver.stateOf.get(one.execution)
    expect(state).toBeDefined()
    if (!state) return
    // Ten windows of nothing but errors: the centre has condemned it after three.
    for (let n = 0; n < 10; n++) {
      state.in += 10
      state.failed += 10
      await node.pass(1_000)
    }
    await node.pass(5_000)
    const recovered = firstWith(node.centre.heartbeats, one.execution, 12)?.ex[0]?.w ?? []
    expect(recovered.slice(-2)).toEqual([
      [11, 100, 100, ''],
      [12, 100, 100, ''],
    ])
  })

  it('says nothing in windows of what only its end proves, and completes it then', async () => {
    Object.assign(node.driver, { isProvenByItsEnd: true })
    const one = entry(5, 'a', { intervalMs: 1_000 })
    node.centre.write(documentOf(5, one), NODE)
    await node.pass(60_000)
    const shown = node.centre.heartbeats.flatMap(({ ex }) => ex.filter(({ x }) => x === one.execution))
    expect(shown.length).toBeGreaterThan(5)
    expect(shown.flatMap(({ w }) => w ?? [])).toEqual([])
    node.driver.exit(one.execution, 0)
    await node.pass(100)
    expect(node.centre.states(one.execution).at(-1)).toBe('completed')
  })
})
