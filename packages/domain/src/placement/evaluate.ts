/**
 * Placement: fleet x job -> where the job belongs, and why not elsewhere. Pure; the caller walks the fleet. Every
 * matching node is placed, also an unreachable one: whether it can be granted now is the rollout's question.
 */
import type { EvaluationId, EvaluationTrigger, JobSubjectEvent, NodeId, Sha256 } from '@dunlin/contracts'
import type { Job } from '../job/state.ts'
import type { NodeFacts } from '../node/facts.ts'
import { whyNotEligible, type JobDemand } from './eligibility.ts'

/** Entries of one commit that grows with the fleet. */
export const PART_SIZE = 1000

export interface PlacementDifference {
  readonly add: readonly NodeId[]
  readonly remove: readonly NodeId[]
  /** Placed nodes after the change. */
  readonly count: number
  readonly leftOut: Readonly<Record<string, number>>
}

/** `demand` undefined: the job is stopped or deleted and belongs nowhere. */
export const evaluatePlacement = (
  placed: ReadonlySet<NodeId>,
  demand: JobDemand | undefined,
  fleet: Iterable<NodeFacts>,
): PlacementDifference => {
  const add: NodeId[] = []
  const leftOut: Record<string, number> = {}
  const keep = new Set<NodeId>()
  for (const node of demand === undefined ? [] : fleet) {
    const why = whyNotEligible(demand as JobDemand, node, placed.has(node.id))
    if (why !== undefined) leftOut[why.reason] = (leftOut[why.reason] ?? 0) + 1
    else if (placed.has(node.id)) keep.add(node.id)
    else add.push(node.id)
  }
  const remove = [...placed].filter((node) => !keep.has(node))
  return { add, remove, count: keep.size + add.length, leftOut }
}

/** Only one node changed: the same answer as a whole evaluation, without walking the fleet. */
export const evaluateNode = (
  placed: boolean,
  demand: JobDemand | undefined,
  node: NodeFacts,
): 'add' | 'remove' | 'keep' => {
  const eligible = demand !== undefined && whyNotEligible(demand, node, placed) === undefined
  if (eligible === placed) return 'keep'
  return eligible ? 'add' : 'remove'
}

/**
 * The commits that record an evaluation: parts of at most `PART_SIZE` nodes, the last one with the end mark. The first
 * evaluation of a version is always recorded, also when it places nobody, because people wait for its answer.
 */
export const recordPlacement = (
  job: Job,
  difference: PlacementDifference,
  evaluation: { readonly id: EvaluationId; readonly trigger: EvaluationTrigger; readonly version: number },
  hashOfPlaced: (sorted: readonly NodeId[]) => Sha256,
): readonly (readonly JobSubjectEvent[])[] => {
  const { add, remove } = difference
  const evaluated = job.placement.last?.version === evaluation.version
  // While it waits for a node, the counts of why not are what people are told.
  const isNews = isWaiting(job) && !sameCounts(job.placement.last?.leftOut, difference.leftOut)
  if (evaluated && !isNews && add.length === 0 && remove.length === 0) return []
  const after = new Set(job.placement.nodes)
  for (const node of remove) after.delete(node)
  for (const node of add) after.add(node)
  const parts: JobSubjectEvent[] = []
  for (let from = 0; from < Math.max(add.length, remove.length); from += PART_SIZE)
    parts.push({
      type: 'PlacementChanged',
      evaluation: evaluation.id,
      part: parts.length,
      add: add.slice(from, from + PART_SIZE),
      remove: remove.slice(from, from + PART_SIZE),
    })
  const completed: JobSubjectEvent = {
    type: 'PlacementCompleted',
    evaluation: evaluation.id,
    trigger: evaluation.trigger,
    version: evaluation.version,
    parts: parts.length,
    count: after.size,
    hash: hashOfPlaced([...after].sort()),
    leftOut: { ...difference.leftOut },
  }
  const last = parts.pop()
  return [...parts.map((part) => [part]), last === undefined ? [completed] : [last, completed]]
}

/** No node can take it now, as far as is recorded. */
export const isWaiting = ({ placement, versions }: Job): boolean =>
  placement.nodes.size === 0 || (versions.is === 'present' && versions.state.type === 'queued')

const sameCounts = (a: Readonly<Record<string, number>> | undefined, b: Readonly<Record<string, number>>): boolean => {
  const reasons = Object.keys(b)
  return Object.keys(a ?? {}).length === reasons.length && reasons.every((reason) => a?.[reason] === b[reason])
}
