import {
  resolveRolloutPolicy,
  type Commit,
  type HealthWindow,
  type JobSubjectEvent,
  type NodeId,
  type RolloutHalted,
  type RolloutId,
  type RolloutOpened,
  type Verdict,
  type WindowEnd,
} from '@dunlin/contracts'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { judgeDeadline, judgeWindows, noWindows } from '../../rollout/health/judge.ts'
import { createExplainer, type About } from './explainer.ts'
import { judgeAgain } from './judge-again.ts'

const rollout = 'R1' as RolloutId
const content = 'c'.repeat(64) as RolloutOpened['content']
const policy = resolveRolloutPolicy({})
const spec = { type: 'process' }

const opened = (more: Partial<RolloutOpened> = {}): JobSubjectEvent => ({
  type: 'RolloutOpened',
  rollout,
  rolloutType: 'update',
  version: 2,
  content,
  policy,
  seed: 1,
  ...more,
})
const planned = (count: number, unhealthy = 0): JobSubjectEvent => ({
  type: 'PlanCompleted',
  rollout,
  parts: 1,
  count,
  hash: content,
  placedAt: 2,
  waves: [count],
  budget: count,
  unhealthy,
})
const granted = (nodes: readonly string[], unhealthy: readonly string[] = []): JobSubjectEvent => ({
  type: 'NodesGranted',
  rollout,
  wave: 0,
  version: 2,
  content,
  epoch: 0,
  grants: nodes.map((node) => [node, `x-${node}`]) as never,
  ...(unhealthy.length > 0 ? { unhealthy: unhealthy as NodeId[] } : {}),
})
const good: HealthWindow[] = [
  { n: 1, in: 10, failed: 0 },
  { n: 2, in: 10, failed: 0 },
]
const bad: HealthWindow[] = [1, 2, 3].map((n) => ({ n, in: 10, failed: 9 }))
const verdict = (node: string, is: 'healthy' | 'failed', more: Partial<Verdict> = {}): Verdict => ({
  node: node as NodeId,
  execution: `x-${node}` as Verdict['execution'],
  generation: [0, 1],
  verdict: is,
  reason: is === 'healthy' ? 'success_threshold' : 'failure_threshold',
  window: is === 'healthy' ? 2 : 3,
  evidence: is === 'healthy' ? good : bad,
  ...more,
})
const reached = (...verdicts: Verdict[]): JobSubjectEvent => ({ type: 'VerdictsReached', rollout, verdicts })
const counts = { targets: 4, granted: 4, healthy: 0, failed: 2, deferred: 0 }
const halted = (more: Partial<RolloutHalted> = {}): JobSubjectEvent => ({
  type: 'RolloutHalted',
  rollout,
  reason: 'analysis',
  message: '2 of 2 settled nodes failed',
  counts,
  // (1/4) sum of (p/0.05)^2 over .1 .2 .4 .8
  evidence: { settled: 2, failed: 2, e: 85, maxE: 85, p0: 0.05, haltAt: 20, atRisk: 2, budget: 4 },
  ...more,
})

/** One event a commit, from sequence 1 on. */
const explain = (about: About, events: readonly JobSubjectEvent[]) => {
  const explainer = createExplainer(about)
  const told = events.flatMap((event, i) => {
    const commit: Commit<JobSubjectEvent> = {
      s: 1,
      v: i + 1,
      cmd: `c${i}`,
      by: 'service:rollout-engine',
      at: 1000 + i,
      ev: [event],
    }
    return explainer.take(commit, i + 1)
  })
  return { told, checked: explainer.checked() }
}
const updated: JobSubjectEvent = { type: 'JobUpdated', version: 2, spec, specHash: content, content, reason: 'faster' }
const placed: JobSubjectEvent = {
  type: 'PlacementCompleted',
  evaluation: 'E1' as never,
  trigger: 'job_updated',
  version: 2,
  parts: 1,
  count: 4,
  hash: content,
  leftOut: { selector: 3 },
}
const drawn: JobSubjectEvent = { type: 'PlanDrawn', rollout, part: 0, targets: ['a', 'b', 'c', 'd'] as NodeId[] }
const story = [
  updated,
  placed,
  opened(),
  drawn,
  planned(4),
  granted(['a', 'b']),
  reached(verdict('a', 'failed')),
  reached(verdict('b', 'failed')),
]

describe('a rollout is explained', () => {
  it('from the version that it brings to its halt, each decision with its sequence', () => {
    const { told, checked } = explain({ is: 'rollout', id: rollout }, [...story, halted()])
    expect(told.map(({ seq, event }) => [seq, event])).toEqual([
      [1, 'JobUpdated'],
      [2, 'PlacementCompleted'],
      [3, 'RolloutOpened'],
      [5, 'PlanCompleted'],
      [6, 'NodesGranted'],
      [7, 'VerdictsReached'],
      [8, 'VerdictsReached'],
      [9, 'RolloutHalted'],
    ])
    expect(told.map(({ message }) => message)).toMatchInlineSnapshot(`
      [
        "the job was updated to version 2 (faster)",
        "version 2 belongs on 4 nodes (job updated); left out: 3 by selector",
        "a rolling rollout (update) of version 2 was opened: 10 % at once, healthy after 2 windows of 10 s, halts at evidence 20 against 5 % failing",
        "planned for 4 nodes in one wave, 4 may be at risk at once",
        "version 2 was granted to 2 nodes in wave 1: a, b",
        "1 node failed: a failed (failure_threshold at window 3: 27 of 30 messages failed in 3 windows)",
        "1 node failed: b failed (failure_threshold at window 3: 27 of 30 messages failed in 3 windows)",
        "halted (analysis): 2 of 2 settled nodes failed",
      ]
    `)
    expect(told.at(-1)?.checks).toEqual([
      {
        is: 'agrees',
        message: 'counted again from the verdicts: 2 of 2 outcomes failed, highest e 85.0000; analysis follows',
      },
    ])
    expect(checked).toMatchObject({ decisions: 3, agree: 3, disagree: 0, notComputable: 0 })
    expect(checked.unverified).toEqual({ windows: 6, reports: 0, silences: 0, connections: 0, sight: 0 })
  })

  it('and says what it took as it was recorded, of everybody or of one node', () => {
    const seen: readonly JobSubjectEvent[] = [
      opened(),
      drawn,
      planned(4),
      granted(['a', 'b', 'c', 'd']),
      reached(verdict('a', 'failed', { reason: 'lost_after', evidence: [] })),
      reached(verdict('b', 'healthy', { reason: 'completed', evidence: [] })),
      { type: 'GrantsRevoked', rollout, nodes: ['c', 'd'] as NodeId[] },
      { type: 'NodesDeferred', rollout, nodes: [{ node: 'e' as NodeId, reason: 'offline' }] },
      { type: 'NodesDeferred', rollout, nodes: [{ node: 'f' as NodeId, reason: 'rollout_halted' }] },
      { type: 'HoldPlaced', rollout, hold: 'visibility', reason: 'site_silent', message: '' },
      { type: 'HoldPlaced', rollout, hold: 'user', reason: 'requested', message: '' },
    ]
    const of = (about: About) => explain(about, seen).checked.unverified
    expect(of({ is: 'rollout', id: rollout })).toEqual({
      windows: 0,
      reports: 1,
      silences: 1,
      connections: 3,
      sight: 1,
    })
    expect(of({ is: 'node', node: 'c' as NodeId })).toMatchObject({ silences: 0, connections: 1, sight: 0 })
  })

  it('without what belongs to others, and with what took its place', () => {
    const other = opened({ rollout: 'R2' as RolloutId, supersedes: rollout, version: 3 })
    const before = opened({ rollout: 'R0' as RolloutId, version: 1 })
    const { told } = explain({ is: 'rollout', id: rollout }, [before, ...story, other])
    expect(told[0]?.event).toBe('JobUpdated')
    expect(told.at(-1)?.message).toContain('in place of R1')
  })

  it.each<[string, Partial<RolloutHalted>]>([
    [
      'a failure more than there was',
      { evidence: { settled: 2, failed: 3, e: 85, maxE: 85, p0: 0.05, haltAt: 20, atRisk: 2, budget: 4 } },
    ],
    [
      'evidence that was not reached',
      { evidence: { settled: 2, failed: 2, e: 85, maxE: 90, p0: 0.05, haltAt: 20, atRisk: 2, budget: 4 } },
    ],
    ['a limit that nobody set', { reason: 'max_failed_nodes' }],
    ['a reason that is none', { reason: 'mood' }],
  ])('and a halt that says %s is not believed', (_what, more) => {
    const { told, checked } = explain({ is: 'rollout', id: rollout }, [...story, halted(more)])
    expect(told.at(-1)?.checks).toMatchObject([{ is: 'disagrees' }])
    expect(checked.disagree).toBe(1)
  })

  it('nodes that were unhealthy before are no evidence, and a resume begins anew', () => {
    const events = [
      opened(),
      drawn,
      planned(4, 1),
      granted(['a', 'b'], ['a']),
      reached(verdict('a', 'failed')),
      reached(verdict('b', 'failed')),
    ]
    const one = { settled: 1, failed: 1, atRisk: 2, budget: 4, p0: 0.05, haltAt: 20 }
    const e = (0.1 + 0.2 + 0.4 + 0.8) / 0.05 / 4
    const { told } = explain({ is: 'rollout', id: rollout }, [...events, halted({ evidence: { ...one, e, maxE: e } })])
    // The numbers agree; the conclusion does not.
    expect(told.at(-1)?.checks?.[0]?.message).toContain(
      '1 of 1 outcomes failed, highest e 7.50000; analysis does not follow',
    )
    const resumed: JobSubjectEvent = { type: 'RolloutResumed', rollout, writtenOff: 2 }
    const later = explain({ is: 'rollout', id: rollout }, [
      ...story,
      halted(),
      resumed,
      reached(verdict('c', 'failed')),
      halted(),
    ])
    expect(later.told.at(-1)?.checks).toMatchObject([{ is: 'disagrees' }])
  })
})

describe('a node is explained', () => {
  it('by what names it, with its own verdict judged again', () => {
    const { told, checked } = explain({ is: 'node', node: 'b' as NodeId }, [
      ...story,
      reached(verdict('b', 'healthy', { reason: 'recovered' }), verdict('a', 'healthy', { window: 7 })),
    ])
    expect(told.map(({ message }) => message)).toEqual([
      'its place in part 1 of the plan is 2 of 4',
      'version 2 was granted in wave 1',
      'b failed (failure_threshold at window 3: 27 of 30 messages failed in 3 windows)',
      'b healthy (recovered at window 2: 0 of 20 messages failed in 2 windows)',
    ])
    expect(checked).toMatchObject({ decisions: 2, agree: 2, disagree: 0, notComputable: 0 })
  })
})

const { health } = policy
const windows = fc.array(
  fc.tuple(fc.nat(20), fc.nat(20), fc.constantFrom<WindowEnd[3][]>('', '', 'r', 'i', 'o', 'p')),
  { maxLength: 12 },
)
const endsOf = (all: readonly (readonly [number, number, WindowEnd[3]])[]): WindowEnd[] => {
  let [messages, failed] = [0, 0]
  return all.map(([more, wrong, letter], i) => [i + 1, (messages += more), (failed += Math.min(more, wrong)), letter])
}

test.prop([windows, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 })])(
  'whatever verdict the judge comes to, also when windows are missing, comes out again from what is stored with it',
  (all, heard) => {
    const run = noWindows()
    const ends = endsOf(all).filter((_, i) => heard[i])
    let judged = undefined as ReturnType<typeof judgeWindows>
    for (const end of ends) judged ??= judgeWindows(run, [end], health)
    const { evidence, ...rest } = judged ?? judgeDeadline(run)
    const stored = verdict('a', rest.verdict, { ...rest, evidence: [...evidence] })
    expect(judgeAgain(stored, health).is).toBe('agrees')
    if (stored.reason === 'deadline') return
    expect(judgeAgain({ ...stored, verdict: stored.verdict === 'healthy' ? 'failed' : 'healthy' }, health).is).toBe(
      'disagrees',
    )
    expect(judgeAgain({ ...stored, window: stored.window + 1 }, health).is).toBe('disagrees')
    expect(judgeAgain({ ...stored, evidence: stored.evidence.slice(1) }, health).is).toBe('disagrees')
  },
)

describe('what no window says', () => {
  it.each(['execution_failed', 'completed', 'lost_after', 'not_started'])('%s is not computed', (reason) => {
    expect(judgeAgain(verdict('a', 'failed', { reason, evidence: [] }), health).is).toBe('not_computable')
  })
  it('a recovery by ending well is not computed', () =>
    expect(judgeAgain(verdict('a', 'healthy', { reason: 'recovered', evidence: [] }), health).is).toBe(
      'not_computable',
    ))
  it('and without the policy nothing is', () =>
    expect(judgeAgain(verdict('a', 'failed'), undefined).is).toBe('not_computable'))
  it('but windows that decided before the ending are a contradiction', () => {
    const evidence = [...bad, { n: 4, in: 1, failed: 0 }]
    expect(judgeAgain(verdict('a', 'failed', { reason: 'execution_failed', evidence }), health).is).toBe('disagrees')
  })
})
