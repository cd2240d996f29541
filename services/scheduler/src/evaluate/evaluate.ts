/**
 * Placement: jobs that changed are evaluated against the fleet, nodes that changed against the jobs, and the difference
 * is appended. Capacity is shared by all jobs and no subject guards it, so one lease holder evaluates.
 */
import type { EvaluationId, EvaluationTrigger, NodeId, Sha256 } from '@dunlin/contracts'
import { parseJobKeyText, serviceActor } from '@dunlin/contracts'
import {
  evaluateNode,
  evaluatePlacement,
  isPresent,
  isWaiting,
  recordPlacement,
  type Job,
  type PlacementDifference,
} from '@dunlin/domain'
import type { Aggregate } from '@dunlin/eventstore'
import { jobSubject } from '@dunlin/nats'
import { sha256 } from '@dunlin/runtime'
import type { Work } from '../work.ts'
import { allFacts, demandOf, factsOf } from './facts.ts'

export const evaluateMarked = async (work: Work): Promise<void> => {
  const { marks } = work.fleet
  const jobs = [...marks.placement]
  const nodes = [...marks.nodes]
  marks.placement.clear()
  marks.nodes.clear()
  await Promise.all(jobs.map((key) => evaluateJob(work, key)))
  if (nodes.length > 0) await evaluateNodes(work, nodes, new Set(jobs))
}

/** Nodes looked at by one run, so that a large fleet with many waiting jobs does not hold up everything else. */
const RECOUNT_LOOKS = 50_000

/** Counts again why no node can take the jobs that wait; as many as are done soon, the others by a later run. */
export const recountWaiting = async (work: Work): Promise<void> => {
  const { marks, fold } = work.fleet
  const most = Math.max(1, Math.floor(RECOUNT_LOOKS / Math.max(1, fold.count('node'))))
  const keys = [...marks.recount].slice(0, most)
  for (const key of keys) marks.recount.delete(key)
  await Promise.all(keys.map((key) => evaluateJob(work, key)))
}

const evaluateJob = async (work: Work, key: string): Promise<void> => {
  await record(work, key, ({ state }) => {
    const demand = demandOf(key, state)
    return evaluatePlacement(state.placement.nodes, demand, demand === undefined ? [] : allFacts(work))
  })
}

/** A few changed nodes against every job: only the jobs whose placement changes are written. */
const evaluateNodes = async (work: Work, nodes: readonly NodeId[], done: ReadonlySet<string>): Promise<void> => {
  const facts = nodes.map((id) => factsOf(work, id)).filter((node) => node !== undefined)
  const touched: string[] = []
  for (const [key, state] of work.fleet.jobs()) {
    if (done.has(key)) continue
    const demand = demandOf(key, state)
    if (facts.some((node) => evaluateNode(state.placement.nodes.has(node.id), demand, node) !== 'keep'))
      touched.push(key)
    // Whoever waits for a node is told why none can take it, as it is now.
    else if (demand !== undefined && isWaiting(state)) work.fleet.marks.recount.add(key)
  }
  await Promise.all(
    touched.map((key) =>
      record(work, key, ({ state }) => {
        const demand = demandOf(key, state)
        const add: NodeId[] = []
        const remove: NodeId[] = []
        for (const node of facts) {
          const change = evaluateNode(state.placement.nodes.has(node.id), demand, node)
          if (change === 'add') add.push(node.id)
          else if (change === 'remove') remove.push(node.id)
        }
        const count = state.placement.nodes.size + add.length - remove.length
        return { add, remove, count, leftOut: state.placement.last?.leftOut ?? {} }
      }),
    ),
  )
}

const record = async (
  work: Work,
  key: string,
  evaluate: (aggregate: Aggregate<Job>) => PlacementDifference,
): Promise<void> => {
  const now = work.clock.nowMs()
  const id = work.random.ulid(now) as EvaluationId
  const cause = work.fleet.marks.causes.get(key)
  work.fleet.marks.causes.delete(key)
  const done = await work.handler.handle({
    subject: jobSubject(parseJobKeyText(key)),
    kind: 'job',
    key,
    command: { id: `~eval.${id}`, by: serviceActor('scheduler'), at: now, ...(cause === undefined ? {} : { cause }) },
    decide: (aggregate) => {
      const { state } = aggregate
      if (!isPresent(state)) return { ok: true, commits: [] }
      const { version } = state.versions
      const difference = evaluate(aggregate)
      const trigger = triggerOf(state, version)
      return { ok: true, commits: recordPlacement(state, difference, { id, trigger, version }, hashOfNodes) }
    },
  })
  if (!done.ok) work.failed('placement', key, done.error, () => work.fleet.marks.placement.add(key))
}

const triggerOf = (job: Job, version: number): EvaluationTrigger => {
  if (!isPresent(job)) return 'takeover'
  if (job.versions.lifecycle === 'stopped') return 'job_stopped'
  if (job.versions.lifecycle === 'deleted') return 'job_deleted'
  if (job.versions.lifecycle === 'failed') return 'job_timed_out'
  if (job.placement.last?.version === version) return 'node_changed'
  return job.placement.last === undefined ? 'job_created' : 'job_updated'
}

const hashOfNodes = (sorted: readonly NodeId[]): Sha256 => sha256(sorted.join('\n'))
