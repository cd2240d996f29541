/**
 * Any process killed with -9 at any moment, 100 times, under load and while agents and payloads are updated: nothing that a task
 * wrote is lost or told twice, every acknowledged command took effect once, nothing ran twice at once, nothing is left over,
 * every node is at a good version, and everything is right in the end. `npm run chaos` runs more of them, and other seeds.
 */
import { findNatsServer } from '@dunlin/nats-server'
import { expect, it } from 'vitest'
import { runChaos } from '../chaos/run.ts'

const SEED = 20_260
const CYCLES = 100

it(`${CYCLES} cycles of kill -9 lose, double and leave nothing`, { timeout: 600_000 }, async () => {
  const server = await findNatsServer({ fetch: false, acceptRunning: false })
  if (server.kind !== 'binary') throw new Error('chaos needs a nats-server of its own')
  const lines: string[] = []
  const result = await runChaos({
    binary: server.path,
    seed: SEED,
    cycles: CYCLES,
    nodes: 3,
    instances: 2,
    settleEvery: 25,
    // A machine that does much else is slow, and not wrong.
    settleWithinMs: 150_000,
    keep: false,
    signal: new AbortController().signal,
    say: (line) => lines.push(line),
  })
  const { findings, counts, kills, orders, story } = result
  if (findings.length > 0) console.log([...story.slice(-60), ...lines, `logs: ${result.dir}`].join('\n'))
  expect(findings).toEqual([])
  // A run in which nothing happened proves nothing.
  expect(Object.values(kills).every((count) => count > 0)).toBe(true)
  // Every order of the four and every pair of kinds was dealt; few may have come when something of it was away.
  expect(orders.missing.length).toBeLessThan(15)
  expect(counts.updates['agent completed'] ?? 0).toBeGreaterThan(0)
  expect(counts.starts).toBeGreaterThan(CYCLES / 2)
  expect(counts.acknowledged).toBeGreaterThan(CYCLES * 5)
  console.log(`chaos: ${JSON.stringify({ ...counts, kills, orders, seconds: result.seconds })}`)
})
