import { describe, expect, it } from 'vitest'
import { nodesToSee, powerOf } from './power.ts'

describe('the power of a wave', () => {
  it.each([
    [0.5, 5],
    [0.2, 14],
    [0.1, 29],
    [0.05, 59],
    [0.02, 149],
    [0.01, 299],
    [0.001, 2995],
  ])('to exclude a share of %d, %i healthy nodes are needed', (share, nodes) => {
    expect(nodesToSee(share)).toBe(nodes)
    expect(powerOf(nodes, 20_000).detectableRate).toBeLessThanOrEqual(share)
    expect(powerOf(nodes - 1, 20_000).detectableRate).toBeGreaterThan(share)
  })
  it.each([
    [5, 30_000, '5 nodes for 30 s see a failure rate above 45 % with 95 % confidence'],
    [1, 20_000, '1 node for 20 s sees a failure rate above 95 % with 95 % confidence'],
    [59, 400, '59 nodes for 400 ms see a failure rate above 5 % with 95 % confidence'],
    [1_000, 300_000, '1000 nodes for 5 min see a failure rate above 0.3 % with 95 % confidence'],
    [10, 9_000_000, '10 nodes for 2h30m see a failure rate above 26 % with 95 % confidence'],
    [0, 20_000, 'no node: nothing is seen'],
  ])('of %i nodes watched for %i ms is said in a sentence', (nodes, ms, sentence) =>
    expect(powerOf(nodes, ms).sentence).toBe(sentence),
  )
})
