/**
 * Draws the plan of a rollout: who, in which order, in which waves, with how many at risk at once. The same function draws
 * the plan that runs and the one that a dry run shows.
 */
import type { JobSubjectEvent, NodeId, RolloutId, RolloutPolicy, RolloutType, Sha256 } from '@dunlin/contracts'
import { PART_SIZE } from '../../placement/evaluate.ts'
import { isRight, type Rollouts } from '../state.ts'
import { orderTargets } from './order.ts'
import { drawWaves, sizeOf, waveSizeOf } from './waves.ts'

export const SITE_LABEL = 'dunlin.io/site'

export interface PlanRequest {
  readonly type: RolloutType
  readonly content: Sha256
  readonly policy: RolloutPolicy
  readonly seed: number
  /** Where the job belongs. */
  readonly placed: ReadonlySet<NodeId>
}

export interface PlanFacts {
  readonly isConnected: (node: NodeId) => boolean
  /** An execution of this job is running badly on the node now: it is served first. */
  readonly isUnhealthy: (node: NodeId) => boolean
  readonly labelOf: (node: NodeId, key: string) => string | undefined
}

export interface RolloutPlan {
  /** In order; the first `waves[0]` of them are the first wave. */
  readonly targets: readonly NodeId[]
  readonly waves: readonly number[]
  /** Nodes that may be at risk at once. */
  readonly budget: number
  readonly unhealthy: number
  readonly already: number
}

export const drawPlan = (rollouts: Rollouts, request: PlanRequest, facts: PlanFacts): RolloutPlan => {
  const { policy, placed, seed } = request
  const chosen = [...placed].filter((node) => isTarget(rollouts, request, node))
  const { atRisk } = rollouts
  const isSick = (node: NodeId): boolean => atRisk.has(node) || facts.isUnhealthy(node)
  const budget = waveSizeOf(policy, placed.size)
  const spreadBy = policy.spreadBy ?? SITE_LABEL
  const bySickness = orderTargets(
    chosen,
    seed,
    // Who is at risk takes no new place in the budget, and left for later could fill it so that nobody is ever granted.
    (node) => (atRisk.has(node) ? 0 : facts.isUnhealthy(node) ? 1 : 2),
    (node) => facts.labelOf(node, spreadBy) ?? '',
  )
  const canaries = policy.strategy === 'canary' ? sizeOf(policy.canary, chosen.length) : 0
  return {
    targets:
      canaries > 0 && atRisk.size + canaries <= budget
        ? canariesFirst(bySickness, canaries, (node) => facts.isConnected(node) && !isSick(node))
        : bySickness,
    waves: drawWaves(policy, chosen.length, budget),
    budget,
    unhealthy: chosen.filter(isSick).length,
    already: placed.size - chosen.length - (request.type === 'rollback' ? neverGranted(rollouts, placed) : 0),
  }
}

/** A rollback touches nobody that was never granted; a restart touches everybody. */
const isTarget = (rollouts: Rollouts, { type, content }: PlanRequest, node: NodeId): boolean => {
  if (type === 'rollback' && !wasGranted(rollouts, node)) return false
  return type === 'restart' || !isRight(rollouts, node, content)
}

/** A node at risk without a grant had one revoked, and before that one that did not turn out well. */
const wasGranted = ({ grants, atRisk }: Rollouts, node: NodeId): boolean => grants.has(node) || atRisk.has(node)

const neverGranted = (rollouts: Rollouts, placed: ReadonlySet<NodeId>): number => {
  let count = 0
  for (const node of placed) if (!wasGranted(rollouts, node)) count += 1
  return count
}

/** A canary that was sick before, or cannot be reached, would say nothing about the version. */
const canariesFirst = (
  ordered: readonly NodeId[],
  count: number,
  isFit: (node: NodeId) => boolean,
): readonly NodeId[] => {
  const canaries = ordered.filter(isFit).slice(0, count)
  const taken = new Set(canaries)
  return [...canaries, ...ordered.filter((node) => !taken.has(node))]
}

/** The events of a plan; one list entry is one commit. The last ends it. */
export const planCommits = (
  rollout: RolloutId,
  plan: RolloutPlan,
  placedAt: number,
  hashOfTargets: (ordered: readonly NodeId[]) => Sha256,
): readonly (readonly JobSubjectEvent[])[] => {
  const { targets, waves, ...numbers } = plan
  const parts: JobSubjectEvent[] = []
  for (let from = 0; from < targets.length; from += PART_SIZE)
    parts.push({ type: 'PlanDrawn', rollout, part: parts.length, targets: targets.slice(from, from + PART_SIZE) })
  const completed: JobSubjectEvent = {
    type: 'PlanCompleted',
    rollout,
    parts: parts.length,
    count: targets.length,
    hash: hashOfTargets(targets),
    placedAt,
    waves: [...waves],
    ...numbers,
  }
  const last = parts.pop()
  return [...parts.map((part) => [part]), last === undefined ? [completed] : [last, completed]]
}
