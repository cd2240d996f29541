/** What decides when the wall clock of a node is set: the monotonic clock, and for documents whichever says older. */
import type { DesiredExecution } from '@dunlin/contracts/agent'
import { createVirtualClock } from '@dunlin/testkit'
import { rmSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeFastDir } from './testing/fast-dir.ts'
import { documentOf, entryFor, NODE, sh } from './testing/node.ts'
import { startVirtualNode, type VirtualNode } from './testing/virtual-node.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

const HOUR = 3_600_000
const MINUTE = 60_000
const JUMPS = [
  ['forward', HOUR],
  ['back', -HOUR],
] as const

let dataDir: string
let node: VirtualNode

beforeEach(async () => {
  dataDir = makeFastDir()
  node = await startVirtualNode(dataDir, createVirtualClock)
})
afterEach(async () => {
  node.gate.acknowledgements = false
  await node.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

const health = { intervalMs: 1_000, maxErrorRate: 0.05, successThreshold: 20, failureThreshold: 3, deadlineMs: MINUTE }
const entry = (seq: number, policy: Parameters<typeof sh>[1] = {}): DesiredExecution =>
  entryFor(node.centre, seq, sh('', policy), { health })

const run = async (one: DesiredExecution): Promise<void> => {
  node.centre.write(documentOf(one.generation[1], one), NODE)
  await node.pass(50)
  expect(node.driver.story).toEqual([`${one.execution}#1`])
}
const windowsShown = (): number[] => (node.centre.heartbeats.at(-1)?.ex[0]?.w ?? []).map(([n]) => n)

describe.each(JUMPS)('a wall clock that is set %s by an hour', (_, jumpMs) => {
  it('neither hurries nor holds up heartbeats and windows', async () => {
    const one = entry(5)
    await run(one)
    await node.pass(5_000)
    const before = node.centre.heartbeats.length
    node.clock.jumpWall(jumpMs)
    await node.pass(5_000)
    expect(node.centre.heartbeats.length - before).toBe(5)
    expect(windowsShown()).toEqual([5, 6, 7, 8, 9, 10])
    expect(node.centre.heartbeats.at(-1)?.ex[0]?.st).toBe('running')
  })

  it('does not change when a back-off is over', async () => {
    const one = entry(5)
    await run(one)
    node.driver.exit(one.execution, 3)
    await node.pass(100)
    node.clock.jumpWall(jumpMs)
    await node.pass(600)
    expect(node.driver.story).toEqual([`${one.execution}#1`])
    await node.pass(400)
    expect(node.driver.story).toEqual([`${one.execution}#1`, `${one.execution}#2`])
  })

  it('does not change when an attempt has used up its execution_timeout', async () => {
    const one = entry(5, { executionTimeoutMs: MINUTE, restartPolicy: 'never' })
    await run(one)
    node.clock.jumpWall(jumpMs)
    await node.pass(59_000)
    expect(node.driver.story).toEqual([`${one.execution}#1`])
    await node.pass(2_000)
    expect(node.driver.story).toEqual([`${one.execution}#1`, `-${one.execution}#1`])
  })

  it('leaves the journal its order: what it tells is counted, not dated', async () => {
    const one = entry(5)
    await run(one)
    node.driver.exit(one.execution, 3)
    await node.pass(2_000)
    node.clock.jumpWall(jumpMs)
    await node.pass(2 * MINUTE)
    node.driver.exit(one.execution, 0)
    await node.pass(500)
    await node.restart(jumpMs)
    const next = entry(9)
    node.centre.write(documentOf(9, next), NODE)
    await node.pass(500)
    const commits = node.centre.commits.map(({ commit }) => commit)
    const reports = commits.flatMap(({ ev }) => ev).filter((event) => event.type === 'ExecutionReported')
    expect(reports.map(({ state }) => state).join(' ')).toBe(
      'starting running degraded running completed starting running',
    )
    expect(reports.map(({ j }) => j)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(new Set(reports.map(({ journal }) => journal)).size).toBe(1)
    // The second boot may have a lower id than the first: it counts from 1 all the same.
    const boots = commits.map(({ cmd }) => cmd.split('/')[0] ?? '')
    expect(boots.at(-1) !== boots[0] && (boots.at(-1) ?? '') > (boots[0] ?? '')).toBe(jumpMs > 0)
    expect(commits.map(({ v }) => v)).toEqual([1, 2, 3, 4, 5, 6, 1, 2, 3])
  })

  it('while the agent is not there, leaves the windows their numbers or ends them, and restarts what is due', async () => {
    const one = entry(5)
    await run(one)
    await node.pass(4_000)
    node.driver.exit(one.execution, 3)
    await node.pass(50)
    await node.restart(jumpMs)
    await node.pass(1_100)
    expect(node.driver.story).toEqual([`${one.execution}#1`, `${one.execution}#2`])
    await node.pass(5_000)
    const shown = windowsShown()
    // Set forward by more than the deadline, validation is over; set back, it goes on with the next number.
    const [least, most] = jumpMs > 0 ? [61, Infinity] : [9, 15]
    expect(shown.at(-1)).toBeGreaterThanOrEqual(least)
    expect(shown.at(-1)).toBeLessThanOrEqual(most)
    expect(shown).toEqual(shown.toSorted((a, b) => a - b))
    expect(new Set(shown).size).toBe(shown.length)
  })
})

describe('an activation from a document', () => {
  /** The document is rung and counts as a minute old; its `starting` is acknowledged after `waitMs`. */
  const acknowledgedAfter = async (waitMs: number, jumpMs = 0): Promise<readonly string[]> => {
    node.gate.documents = true
    node.gate.acknowledgements = true
    node.centre.write(documentOf(5, entry(5)), NODE)
    await node.pass(100)
    node.clock.jumpWall(jumpMs)
    await node.pass(waitMs)
    expect(node.driver.story).toEqual([])
    node.gate.acknowledgements = false
    await node.pass(500)
    return node.driver.story
  }
  it.each([
    ['the clocks agree', 0],
    ['the wall clock was set back', -HOUR],
  ])('happens within 15 minutes of when the document was true: %s', async (_, jumpMs) => {
    expect(await acknowledgedAfter(13.9 * MINUTE, jumpMs)).toHaveLength(1)
  })
  it.each([
    ['15 minutes have passed', 14.1 * MINUTE, 0],
    ['15 minutes have passed, although the wall clock was set back', 14.1 * MINUTE, -HOUR],
    ['the wall clock says so, as after a sleep of the host', MINUTE, HOUR],
  ])('waits until the document was read again when %s', async (_, waitMs, jumpMs) => {
    expect(await acknowledgedAfter(waitMs, jumpMs)).toEqual([])
    await node.pass(MINUTE)
    expect(node.driver.story).toEqual([])
    node.gate.documents = false
    await node.pass(MINUTE)
    expect(node.driver.story).toHaveLength(1)
  })
})

describe('a grant that is revoked', () => {
  const states = (one: DesiredExecution): string[] => node.centre.states(one.execution)

  it('before it was activated leaves the former execution untouched', async () => {
    const former = entry(5)
    const revoked = entry(9)
    await run(former)
    node.gate.acknowledgements = true
    node.centre.write(documentOf(9, revoked), NODE)
    await node.pass(1_000)
    expect(node.centre.heartbeats.at(-1)?.ex.find(({ x }) => x === revoked.execution)?.st).toBe('starting')
    node.centre.write(documentOf(12, former), NODE)
    await node.pass(1_000)
    node.gate.acknowledgements = false
    await node.pass(MINUTE)
    expect(states(revoked)).toEqual(['starting', 'stopped'])
    expect(states(former)).toEqual(['starting', 'running'])
    expect(node.driver.story).toEqual([`${former.execution}#1`])
    expect(node.centre.heartbeats.at(-1)).toMatchObject({ gen: [0, 12], ex: [{ x: former.execution, st: 'running' }] })
  })

  it('after it was activated leaves it running: what ended never starts again, and a new grant is needed', async () => {
    const former = entry(5)
    const revoked = entry(9)
    await run(former)
    node.centre.write(documentOf(9, revoked), NODE)
    await node.pass(1_000)
    expect(states(former)).toEqual(['starting', 'running', 'stopped'])
    node.centre.write(documentOf(12, former), NODE)
    await node.pass(MINUTE)
    expect(states(revoked)).toEqual(['starting', 'running'])
    expect(states(former)).toEqual(['starting', 'running', 'stopped'])
    // The node holds the newer document and says what runs: this is how the centre sees it.
    expect(node.centre.heartbeats.at(-1)).toMatchObject({ gen: [0, 12], ex: [{ x: revoked.execution, st: 'running' }] })
    const next = entry(15)
    node.centre.write(documentOf(15, next), NODE)
    await node.pass(1_000)
    expect(states(revoked)).toEqual(['starting', 'running', 'stopped'])
    expect(states(next)).toEqual(['starting', 'running'])
  })
})
