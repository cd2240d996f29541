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
  const { policy, placed, seed, type } = request
  const { atRisk } = rollouts
  // Asked once for each node: a halt waits for this plan, and in a large fleet each question meets cold memory.
  const classes = new Map<NodeId, number>()
  let neverGranted = 0
  for (const node of placed) {
    if (type === 'rollback' && !wasGranted(rollouts, node)) neverGranted += 1
    // Who is at risk takes no new place in the budget, and left for later could fill it so that nobody is ever granted.
    else if (isTarget(rollouts, request, node))
      classes.set(node, atRisk.has(node) ? AT_RISK : facts.isUnhealthy(node) ? UNHEALTHY : FIT)
  }
  const classOf = (node: NodeId): number => classes.get(node) ?? FIT
  const budget = waveSizeOf(policy, placed.size)
  const spreadBy = policy.spreadBy ?? SITE_LABEL
  const bySickness = orderTargets(classes.keys(), seed, classOf, (node) => facts.labelOf(node, spreadBy) ?? '')
  const canaries = policy.strategy === 'canary' ? sizeOf(policy.canary, classes.size) : 0
  let unhealthy = 0
  for (const one of classes.values()) if (one !== FIT) unhealthy += 1
  return {
    targets:
      // Without a place left no canary could be granted before those at risk.
      canaries > 0 && atRisk.size < budget
        ? canariesFirst(bySickness, canaries, (node) => facts.isConnected(node) && classOf(node) === FIT)
        : bySickness,
    waves: drawWaves(policy, classes.size, budget),
    budget,
    unhealthy,
    already: placed.size - classes.size - neverGranted,
  }
}

/** In this order. */
const AT_RISK = 0
const UNHEALTHY = 1
const FIT = 2

/** A restart touches everybody; otherwise nobody is touched who runs the content well. */
const isTarget = (rollouts: Rollouts, { type, content }: PlanRequest, node: NodeId): boolean =>
  type === 'restart' || !isRight(rollouts, node, content)

/**
 * A rollback touches nobody that was never granted. A node at risk without a grant had one revoked, and before that one that
 * did not turn out well.
 */
const wasGranted = ({ grants, atRisk }: Rollouts, node: NodeId): boolean => grants.has(node) || atRisk.has(node)

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
