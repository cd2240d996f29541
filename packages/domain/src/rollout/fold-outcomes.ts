/** Folds what came of grants: verdicts, the evidence that they give, and whom a person writes off. */
import type { NodeId, RolloutResumed, Verdict } from '@dunlin/contracts'
import { addOutcome, noEvidence } from './analysis/one-sample.ts'
import type { CommitContext } from '../commit-context.ts'
import { endHold, place } from './fold-slots.ts'
import { holdsOf, PROVEN_KEPT, settledOf, type Grant, type Rollout, type Rollouts, type Slot } from './state.ts'

export const settle = (rollouts: Rollouts, rollout: Rollout, verdict: Verdict, context: CommitContext): void => {
  const held = rollouts.grants.get(verdict.node)
  if (held === undefined || held.execution !== verdict.execution) return
  const isFirst = held.verdict === undefined
  held.verdict = {
    is: verdict.verdict,
    reason: verdict.reason,
    at: context.at,
    window: verdict.window,
    evidence: verdict.evidence,
  }
  if (verdict.verdict === 'healthy') {
    rollouts.atRisk.delete(verdict.node)
    // This one is what it would go back to from now on.
    delete (held as { lastHealthy?: Grant }).lastHealthy
  } else if (rollout.phase === 'halted') held.stopped = true
  place(rollout, verdict.node, slotOf(verdict))
  // It had no target left when it completed, and is proven by who joined since.
  const provesNews = verdict.verdict === 'healthy' && rollouts.proven.at(-1)?.content !== rollout.content
  if (provesNews && rollout.phase === 'completed') prove(rollouts, rollout)
  // A recovery is shown and frees the place; the failure before it stays evidence.
  if (isFirst && held.wasUnhealthy !== true) count(rollout, verdict.verdict)
}

const slotOf = ({ verdict, reason }: Verdict): Slot =>
  verdict === 'healthy' ? 'healthy' : reason === 'lost_after' ? 'lost' : 'failed'

const count = (rollout: Rollout, outcome: Verdict['verdict']): void => {
  const { evidence, policy } = rollout
  // Without analysis the counts alone matter: a tolerated share of 1 keeps the test silent.
  rollout.evidence = { ...evidence, ...addOutcome(evidence, outcome, policy.analysis?.p0 ?? 1) }
}

export const resume = (rollouts: Rollouts, rollout: Rollout, event: RolloutResumed, { at }: CommitContext): void => {
  const wasHeld = rollout.heldSince !== undefined
  for (const node of event.nodes ?? failedIn(rollout)) {
    rollouts.atRisk.delete(node)
    const held = rollouts.grants.get(node)
    if (held !== undefined) held.writtenOff = true
  }
  delete rollout.holds.budget
  if (holdsOf(rollout).length === 0) endHold(rollout, at)
  if (rollout.phase !== 'halted') return
  // Halted before its plan was complete, it has no budget yet.
  rollout.phase = rollout.budget === 0 ? 'planning' : 'running'
  // Halted, it could do nothing about its deadlines: they stood still.
  if (!wasHeld) rollout.heldMs += at - (rollout.halted?.at ?? at)
  rollout.evidence = { ...noEvidence, excluded: rollout.evidence.excluded, before: settledOf(rollout.counts) }
}

const failedIn = ({ slots }: Rollout): readonly NodeId[] =>
  [...slots].flatMap(([node, slot]) => (slot === 'failed' || slot === 'lost' ? [node] : []))

/** In a halted rollout healthy nodes keep running and failed executions stop. */
export const stopFailed = ({ grants }: Rollouts, rollout: Rollout): void => {
  for (const [node, slot] of rollout.slots) {
    const held = slot === 'failed' || slot === 'lost' ? grants.get(node) : undefined
    if (held?.rollout === rollout.id) held.stopped = true
  }
}

/** A node is healthy on the content: from now on the job can go back to it. */
export const prove = (rollouts: Rollouts, { id, version, content, spec }: Rollout): void => {
  rollouts.proven = rollouts.proven.filter((one) => one.content !== content)
  rollouts.proven.push({ rollout: id, version, content, spec })
  if (rollouts.proven.length > PROVEN_KEPT) rollouts.proven.shift()
}
