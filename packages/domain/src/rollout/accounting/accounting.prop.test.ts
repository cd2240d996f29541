/**
 * Random histories of one job: specs change, nodes join, leave, connect and fall silent, executions turn out well or
 * badly, the engine dies between two steps. After every commit the accounting is compared with a recount from scratch.
 */
import type {
  EvaluationId,
  ExecutionId,
  JobId,
  JobSubjectEvent,
  NodeId,
  RolloutId,
  RolloutPolicy,
  Sha256,
} from '@dunlin/contracts'
import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { jobFromJson, jobToJson } from '../../job/codec.ts'
import { decideJob } from '../../job/decide.ts'
import { foldJobCommit } from '../../job/evolve.ts'
import { isPresent, noJob, type Job } from '../../job/state.ts'
import { recordPlacement } from '../../placement/evaluate.ts'
import { advanceRollout } from '../advance.ts'
import type { AdvanceFacts } from '../facts.ts'
import { waveSizeOf } from '../plan/waves.ts'
import { noSlots } from '../state.ts'
import { recordVerdicts } from '../verdicts.ts'

const NODES = Array.from({ length: 12 }, (_, i) => `n${i}` as NodeId)
const node = fc.constantFrom(...NODES)
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('apply' as const), content: fc.constantFrom('a', 'b', 'c') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('stop' as const, 'delete' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('place' as const, 'unplace' as const), node }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('connect' as const, 'silence' as const), node }) },
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constantFrom('healthy' as const, 'healthy' as const, 'failed' as const), node }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('advance' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const) }) },
)
const policies = fc.record({
  strategy: fc.constantFrom('rolling' as const, 'canary' as const, 'immediate' as const),
  percent: fc.constantFrom(10, 25, 50, 100),
  autoPromote: fc.boolean(),
  maxFailedNodes: fc.nat(4),
})

const toPolicy = (p: {
  strategy: RolloutPolicy['strategy']
  percent: number
  autoPromote: boolean
  maxFailedNodes: number
}): RolloutPolicy => ({
  strategy: p.strategy,
  maxParallel: { unit: 'percent', value: p.percent },
  canary: { unit: 'count', value: 1 },
  autoPromote: p.autoPromote,
  maxFailedNodes: p.maxFailedNodes,
  maxFailedNodesPercent: 50,
  autoRollback: true,
  health: { intervalMs: 1000, maxErrorRate: 0.1, successThreshold: 2, failureThreshold: 3, deadlineMs: 60_000 },
  expiryMs: 1_000_000,
})

const recount = (job: Job): void => {
  const { current, grants, atRisk } = job.rollouts
  for (const id of grants.keys()) expect(job.placement.nodes.has(id), 'a grant stands only on a placed node').toBe(true)
  for (const id of atRisk)
    expect(grants.get(id)?.verdict?.is, 'who is at risk holds a grant that is not healthy').not.toBe('healthy')
  for (const [id, grant] of grants)
    if (grant.verdict?.is !== 'healthy') expect(atRisk.has(id), 'an unsettled or failed grant is at risk').toBe(true)
  if (current === undefined) return
  const counts = noSlots()
  for (const slot of current.slots.values()) counts[slot] += 1
  expect(current.counts, 'A4: counts kept while folding = counts from a recount').toEqual(counts)
  expect(new Set(current.targets).size, 'A1: no target twice').toBe(current.targets.length)
}

test.prop([policies, fc.array(step, { maxLength: 80 }), fc.nat()])(
  'accounting holds over random histories',
  (p, steps, seed) => {
    const policy = toPolicy(p)
    let job = noJob()
    let seq = 0
    let now = 1000
    let id = 0
    const placed = new Set<NodeId>()
    const connected = new Set<NodeId>(NODES)
    const nextId = () => `01J${String((id += 1)).padStart(23, '0')}`
    const hash = (letter: string) => letter.repeat(64) as Sha256

    const append = (events: readonly JobSubjectEvent[]): void => {
      const before = job.rollouts.current?.phase === 'halted' && job.rollouts.current.id
      const atRiskBefore = new Set(job.rollouts.atRisk)
      job = foldJobCommit(
        job,
        { s: 1, v: (seq += 1), cmd: `~${seq}`, by: 'service:test', at: (now += 10), ev: events },
        seq,
      )
      recount(job)
      const granted = events.flatMap((event) => (event.type === 'NodesGranted' ? event.grants : []))
      if (granted.length === 0) return
      const { current, atRisk } = job.rollouts
      expect(current?.id, 'S8: a halted rollout grants nothing').not.toBe(before)
      const budget = waveSizeOf(policy, Math.max(current?.targets.length ?? 0, job.placement.nodes.size))
      const canary = current?.policy.strategy === 'canary' ? 1 : 0
      const grown = [...atRisk].some((at) => !atRiskBefore.has(at))
      if (grown) expect(atRisk.size, 'S1: at risk <= budget').toBeLessThanOrEqual(Math.max(budget, canary))
      for (const [at] of granted) expect(connected.has(at), 'only a connected node is granted').toBe(true)
    }
    const facts: AdvanceFacts = {
      epoch: 0,
      mayGrant: true,
      get nowMs() {
        return now
      },
      isConnected: (at) => connected.has(at),
      isUnhealthy: (at) => job.rollouts.grants.get(at)?.verdict?.is === 'failed',
      policy,
      newRolloutId: () => nextId() as RolloutId,
      newExecutionId: () => nextId() as ExecutionId,
      labelOf: () => undefined,
      seedOf: () => seed,
      hashOfTargets: () => hash('f'),
      hashOfSpec: (spec) => hash(String(spec['content'])),
    }
    /** The engine writes the commits of one decision in order; it may die after any of them. */
    const advance = (most: number): void => {
      for (let turn = 0; turn < most; turn += 1) {
        const commits = advanceRollout(job, facts)
        if (commits.length === 0) return
        for (const events of commits.slice(0, 1 + ((seed + turn) % commits.length))) append(events)
      }
    }
    const evaluate = (): void => {
      if (!isPresent(job)) return
      const wanted = job.versions.lifecycle === 'active' ? placed : new Set<NodeId>()
      const add = [...wanted].filter((at) => !job.placement.nodes.has(at))
      const remove = [...job.placement.nodes].filter((at) => !wanted.has(at))
      const evaluation = {
        id: nextId() as EvaluationId,
        trigger: 'node_changed' as const,
        version: job.versions.version,
      }
      for (const events of recordPlacement(job, { add, remove, count: wanted.size, leftOut: {} }, evaluation, () =>
        hash('e'),
      ))
        append(events)
      expect([...job.placement.nodes].sort()).toEqual([...wanted].sort())
    }
    const command = (decision: ReturnType<typeof decideJob>): void => {
      if (decision.ok) for (const events of decision.commits) append(events)
    }

    for (const s of steps) {
      if (s.do === 'apply')
        command(
          decideJob(job, {
            verb: 'apply',
            id: nextId(),
            at: now,
            spec: { content: s.content },
            specHash: hash(s.content),
            content: hash(s.content),
            newJobId: nextId() as JobId,
          }),
        )
      else if (s.do === 'stop') command(decideJob(job, { verb: 'stop', id: nextId(), at: now }))
      else if (s.do === 'delete') command(decideJob(job, { verb: 'delete', id: nextId(), at: now, force: true }))
      else if (s.do === 'place') placed.add(s.node)
      else if (s.do === 'unplace') placed.delete(s.node)
      else if (s.do === 'connect') connected.add(s.node)
      else if (s.do === 'silence') connected.delete(s.node)
      else if (s.do === 'expire') now += 2_000_000
      else if (s.do === 'healthy' || s.do === 'failed') {
        const grant = job.rollouts.grants.get(s.node)
        if (grant !== undefined)
          for (const events of recordVerdicts(job, [
            {
              node: s.node,
              execution: grant.execution,
              generation: [0, grant.seq],
              verdict: s.do,
              reason: 'test',
              window: 1,
              evidence: [],
            },
          ]))
            append(events)
      }
      if (s.do !== 'advance') evaluate()
      advance(s.do === 'advance' ? 20 : 1)
      const copy = jobFromJson(JSON.parse(JSON.stringify(jobToJson(job))))
      expect({ ...copy, placement: { ...copy.placement, removed: [] } }, 'E5: the snapshot is the state').toEqual({
        ...job,
        placement: { ...job.placement, removed: [] },
      })
    }

    // L4: with every node connected and healthy and nothing asked for any more, a rollout that was not halted completes.
    for (const at of NODES) connected.add(at)
    evaluate()
    for (let turn = 0; turn < 100; turn += 1) {
      advance(50)
      const open = [...job.rollouts.grants].filter(([, grant]) => grant.verdict === undefined)
      if (open.length === 0) break
      for (const events of recordVerdicts(
        job,
        open.map(([at, grant]) => ({
          node: at,
          execution: grant.execution,
          generation: [0, grant.seq],
          verdict: 'healthy',
          reason: 'test',
          window: 1,
          evidence: [],
        })),
      ))
        append(events)
    }
    const { current } = job.rollouts
    const waitsForPerson = current?.policy.strategy === 'canary' && !current.policy.autoPromote
    if (
      isPresent(job) &&
      job.versions.lifecycle === 'active' &&
      current &&
      !waitsForPerson &&
      current.counts.failed === 0
    )
      expect(['completed', 'halted', 'expired'], 'L4: it ends').toContain(current.phase)
  },
)
