/** Folds grants and their revocation: what each node was granted last, and what it goes back to. */
import type { NodeId, NodesGranted } from '@dunlin/contracts'
import type { CommitContext } from '../commit-context.ts'
import { place } from './fold-slots.ts'
import { countsEverybody, type Grant, type Rollout, type Rollouts } from './state.ts'

export const grantNodes = (rollouts: Rollouts, rollout: Rollout, event: NodesGranted, context: CommitContext): void => {
  const unhealthy = new Set(event.unhealthy)
  for (const [node, execution] of event.grants) {
    const before = rollouts.grants.get(node)
    const lastHealthy = before?.verdict?.is === 'healthy' ? before : before?.lastHealthy
    const wasUnhealthy = unhealthy.has(node) && !countsEverybody(rollout)
    const overtakes = overtaken(rollouts, node)
    const afterRevoked = rollouts.revoked.get(node)?.executions
    rollouts.grants.set(node, {
      execution,
      ...(before === undefined ? {} : { previous: before.execution }),
      rollout: rollout.id,
      version: event.version,
      content: event.content,
      epoch: event.epoch,
      seq: context.seq,
      at: context.at,
      wave: event.wave,
      ...(wasUnhealthy ? { wasUnhealthy } : {}),
      ...(lastHealthy === undefined ? {} : { lastHealthy }),
      ...(overtakes === undefined ? {} : { overtakes }),
      ...(afterRevoked === undefined ? {} : { afterRevoked }),
    })
    rollouts.atRisk.add(node)
    rollouts.revoked.delete(node)
    place(rollout, node, 'open')
    if (wasUnhealthy) rollout.evidence = { ...rollout.evidence, excluded: rollout.evidence.excluded + 1 }
  }
}

/** What a new grant takes the place of, when that did not settle healthy. */
const overtaken = ({ atRisk, revoked, grants }: Rollouts, node: NodeId): Grant['overtakes'] => {
  if (atRisk.has(node) && !revoked.has(node)) return 'at_risk'
  const before = grants.get(node)
  return before === undefined || before.verdict?.is === 'healthy' ? undefined : 'written_off'
}

/**
 * The node has not activated it as far as anybody knows, so what it was granted before stands again. Only when that had
 * settled healthy does it run well; when it had not, the node has perhaps ended its last healthy execution for it: that one
 * is what it goes back to, but it is not known to run. True when the node was at risk before and so stays at risk.
 */
export const takeBack = ({ grants }: Rollouts, node: NodeId): boolean => {
  const held = grants.get(node)
  if (held?.lastHealthy === undefined) grants.delete(node)
  else if (held.overtakes === undefined) grants.set(node, held.lastHealthy)
  else {
    const { verdict: _, ...unproven } = held.lastHealthy
    grants.set(node, { ...unproven, isUnproven: true, lastHealthy: held.lastHealthy })
  }
  return held?.overtakes === 'at_risk'
}
