/** Laws of two runs: what must stay the same when something that does not matter is changed. */
import { jobKeyText } from '@dunlin/contracts'
import { advanceRollout, drawPlan, type Job } from '@dunlin/domain'
import { afterEach, describe, expect, it } from 'vitest'
import { chanceOf } from './scenario/chance.ts'
import { plainFacts } from './laws/plain-facts.ts'
import { readRecorded } from './laws/ledger.ts'
import { A, quick, startStage, type Stage, type StageOptions } from './run/stage.ts'
import { nodeName } from './world/programs.ts'

const stages: Stage[] = []
afterEach(() => {
  for (const stage of stages.splice(0)) stage.world.end()
})
const begin = async (options: StageOptions): Promise<Stage> => {
  const stage = await startStage(options)
  stages.push(stage)
  return stage
}
const done = (stage: Stage): Promise<void> => stage.until('it completes', () => stage.rollout(A).phase === 'completed')

/** What was decided about a job, without ids, and about which node when (ms since the beginning). */
const decisions = (stage: Stage): string[] => {
  const lines = stage.watch.log().flatMap((recorded) => {
    const read = readRecorded(recorded)
    return read?.kind === 'job' && read.key === jobKeyText(A) ? [{ read, at: recorded.storedAtMs }] : []
  })
  const beganMs = lines[0]?.at ?? 0
  return lines.flatMap(({ read, at }) =>
    read.kind !== 'job'
      ? []
      : read.commit.ev.flatMap((event) => {
          if (event.type === 'NodesGranted')
            return event.grants.map(([node]) => `${at - beganMs} granted ${node} wave ${event.wave}`)
          if (event.type === 'VerdictsReached')
            return event.verdicts.map(({ node, verdict }) => `${at - beganMs} ${verdict} ${node}`)
          return event.type === 'RolloutClosed' ? [`${at - beganMs} ${event.outcome}`] : []
        }),
  )
}

describe('M1: names', () => {
  it('the plan is a permutation that depends on the seed and the set of names, not on their order', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const { int, float } = chanceOf(seed)
      const names = Array.from({ length: int(1, 30) }, (_, index) => `${index}-${Math.floor(float() * 1e6)}`)
      const plan = planOf(names, seed)
      expect(planOf(names.toReversed(), seed)).toEqual(plan)
      expect(plan.toSorted()).toEqual(names.toSorted())
    }
  })
})

const planOf = (names: readonly string[], seed: number): readonly string[] => {
  const policy = { strategy: 'rolling', maxParallel: { unit: 'percent', value: 10 } } as never
  const rollouts = { grants: new Map(), atRisk: new Set(), revoked: new Map(), past: [], proven: [] } as never
  const request = { type: 'create', content: 'c' as never, policy, seed, placed: new Set(names) as never } as const
  const facts = { isConnected: () => true, isUnhealthy: () => false, labelOf: () => undefined }
  return drawPlan(rollouts, request, facts).targets
}

describe('M2: a node that never answers', () => {
  it('leaves what happens to the others as it was', async () => {
    const told: string[][] = []
    for (const away of [false, true]) {
      const stage = await begin({ nodes: 9 })
      stage.silence(8, true)
      await stage.pass(60_000)
      // In one world it is not placed at all, in the other it is a target that cannot be reached.
      if (!away) stage.world.tellNode(nodeName(8), 'remove', { force: true })
      await stage.pass(5_000)
      await stage.apply(A, 'good', quick({ max_parallel_nodes: 3 }))
      await done(stage)
      told.push(decisions(stage).map((line) => line.replace(/sim-\d+/, 'node').replace(/ wave \d+/, '')))
    }
    expect(told[1]?.filter((line) => line.includes('healthy')).length).toBe(8)
    expect(told[1]?.at(-1)?.split(' ').at(-1)).toBe('completed')
    // Waves may hold one node less where one of them is deferred: it is no later than a wave.
    const endMs = (lines: readonly string[] = []): number => Number(lines.at(-1)?.split(' ')[0])
    expect(endMs(told[1]) - endMs(told[0])).toBeLessThanOrEqual(3_000)
  })
})

describe('M4: time', () => {
  it('shifting the whole world shifts its log, and changes nothing else', async () => {
    const told: string[][] = []
    for (const startMs of [Date.UTC(2026, 0, 1), Date.UTC(2031, 6, 13, 7)]) {
      const stage = await begin({ nodes: 10, startMs })
      await stage.apply(A, 'half', quick({ max_parallel: 50, analysis: 'off', max_failed_nodes_percent: 100 }))
      await stage.pass(120_000)
      told.push(decisions(stage))
    }
    expect(told[1]).toEqual(told[0])
    expect(told[0]?.length).toBeGreaterThan(10)
  })
})

describe('M5: immediate', () => {
  it('ends like rolling with a budget of everybody, with the same nodes on the same content', async () => {
    const ends: string[] = []
    for (const rollout of [
      { strategy: 'immediate' },
      { max_parallel: 100, analysis: 'off', max_failed_nodes_percent: 100 },
    ]) {
      const stage = await begin({ nodes: 10 })
      await stage.apply(A, 'half', quick(rollout))
      await done(stage)
      const slots = [...stage.rollout(A).slots].map(([node, slot]) => `${node} ${slot}`)
      ends.push(slots.toSorted().join())
    }
    expect(ends[1]).toBe(ends[0])
  })
})

describe('E3: a decision', () => {
  it('asked twice of the same state is the same, and changes the state by nothing', async () => {
    const stage = await begin({ nodes: 6 })
    await stage.apply(A, 'good', quick({ max_parallel: 50 }))
    await stage.pass(500)
    const ask = (job: Job): string => JSON.stringify(advanceRollout(job, plainFacts()))
    const before = JSON.stringify([...stage.rollout(A).slots])
    expect(ask(stage.stateOf(A))).toBe(ask(stage.stateOf(A)))
    expect(JSON.stringify([...stage.rollout(A).slots])).toBe(before)
  })
})
