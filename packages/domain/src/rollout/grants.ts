/** Grants to nodes whose turn has come, as far as the ramp and the budget of nodes at risk allow; defers who is not there. */
import type { ExecutionId, JobSubjectEvent, NodeId } from '@dunlin/contracts'
import type { PresentJob } from '../job/state.ts'
import { PART_SIZE } from '../placement/evaluate.ts'
import { isReachable, type AdvanceFacts } from './facts.ts'
import { rampLimit } from './plan/waves.ts'
import { grantedOf, settledOf, type Rollout, type Slot } from './state.ts'

type Commits = readonly (readonly JobSubjectEvent[])[]

/** Its turn has not come, or it could not be used when it came: a grant would be its first of this rollout. */
export const awaitsTurn = (slot: Slot | undefined): boolean =>
  slot === undefined || slot === 'deferred' || slot === 'removed'

/** How many grants the ramp still allows. */
export const rampLeft = (rollout: Rollout, budget: number): number =>
  rampLimit(rollout, budget, settledOf(rollout.counts)) - grantedOf(rollout.counts)

export const takeTurns = (
  job: PresentJob,
  rollout: Rollout,
  nodes: Iterable<NodeId>,
  wave: number,
  facts: AdvanceFacts,
  budget: number,
): Commits => {
  if (!facts.mayGrant && rollout.type !== 'rollback') return []
  const { atRisk } = job.rollouts
  const grants: [NodeId, ExecutionId][] = []
  const unhealthy: NodeId[] = []
  const offline: NodeId[] = []
  let places = budget - atRisk.size
  let ramp = rampLeft(rollout, budget)
  for (const node of nodes) {
    const slot = rollout.slots.get(node)
    if (!awaitsTurn(slot) || !job.placement.nodes.has(node)) continue
    if (!isReachable(facts, node)) {
      if (slot !== 'deferred') offline.push(node)
      continue
    }
    if (ramp <= 0) continue
    // A node that is already at risk takes no new place: the fix for a sick fleet must be able to reach it.
    if (!atRisk.has(node)) {
      if (places <= 0) continue
      places -= 1
    }
    ramp -= 1
    grants.push([node, facts.newExecutionId()])
    if (facts.isUnhealthy(node)) unhealthy.push(node)
  }
  return [...grantCommits(rollout, wave, grants, new Set(unhealthy), facts), ...defer(rollout, offline, 'offline')]
}

const grantCommits = (
  rollout: Rollout,
  wave: number,
  grants: [NodeId, ExecutionId][],
  unhealthy: ReadonlySet<NodeId>,
  facts: AdvanceFacts,
): Commits =>
  chunks(grants).map((part) => {
    const sick = part.flatMap(([node]) => (unhealthy.has(node) ? [node] : []))
    return [
      {
        type: 'NodesGranted',
        rollout: rollout.id,
        wave,
        version: rollout.version,
        content: rollout.content,
        epoch: facts.epoch,
        grants: part,
        ...(sick.length === 0 ? {} : { unhealthy: sick }),
      },
    ]
  })

export const defer = (rollout: Rollout, nodes: readonly NodeId[], reason: 'offline' | 'rollout_halted'): Commits =>
  chunks(nodes).map((part) => [
    { type: 'NodesDeferred', rollout: rollout.id, nodes: part.map((node) => ({ node, reason })) },
  ])

/** Parts that each fit into one message of the log, whatever the size of the fleet. */
export const chunks = <T>(items: readonly T[]): T[][] => {
  const parts: T[][] = []
  for (let from = 0; from < items.length; from += PART_SIZE) parts.push(items.slice(from, from + PART_SIZE))
  return parts
}
