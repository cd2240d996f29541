/** What is computed about noisy nodes is what nodes with that noise do. */
import { resolveRolloutPolicy, type NodeId } from '@dunlin/contracts'
import { judgeWindows, mostBelievable, noWindows } from '@dunlin/domain'
import { expect, it } from 'vitest'
import { RUNS } from '../policy.ts'
import { BEFORE, FAILED_PER_BAD_WINDOW, MESSAGES_PER_WINDOW, RELEASE } from './behaviour.ts'
import { behaviourOf, failingShare, HARMLESS, type Population } from './population.ts'

const NODES = Array.from({ length: 20_000 }, (_, i) => `n${i}` as NodeId)
const RISK = 1e-6
const { health } = resolveRolloutPolicy({})

const fails = (life: (n: number) => boolean): boolean => {
  const run = noWindows()
  let failed = 0
  for (let n = 1; n <= RUNS.windows; n += 1) {
    if (life(n)) failed += FAILED_PER_BAD_WINDOW
    const judged = judgeWindows(run, [[n, n * MESSAGES_PER_WINDOW, failed, '']], health)
    if (judged !== undefined) return judged.verdict === 'failed'
  }
  return true
}

const failedOf = (population: Population, program: string): number => {
  const behaviour = behaviourOf(population, NODES, 1)
  return NODES.filter((node) => fails(behaviour(program, node))).length
}

it('as many nodes fail by their noise alone as is computed, whatever they run', () => {
  const share = failingShare(HARMLESS.noise, RUNS)
  for (const program of [BEFORE, RELEASE]) {
    const failed = failedOf(HARMLESS, program)
    expect(failed).toBeLessThanOrEqual(mostBelievable(NODES.length, share, RISK))
    expect(NODES.length - failed).toBeLessThanOrEqual(mostBelievable(NODES.length, 1 - share, RISK))
  }
})

it('a broken release fails on exactly so many nodes, and what ran before on none', () => {
  expect(failedOf({ is: 'broken', nodes: 137 }, RELEASE)).toBe(137)
  expect(failedOf({ is: 'broken', nodes: 137 }, BEFORE)).toBe(0)
})
