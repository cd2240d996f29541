/** Folds the events of rollouts. Facts in, state out; every rule about whether something may happen is in `decide`. */
import type { JobSubjectEvent, NodeId, NodesGranted, RolloutEvent, RolloutOpened, Verdict } from '@dunlin/contracts'
import { addOutcome, noEvidence } from './analysis/one-sample.ts'
import { waveSizeOf } from './plan/waves.ts'
import {
  countsEverybody,
  holdsOf,
  noSlots,
  PROVEN_KEPT,
  ROLLOUTS_KEPT,
  settledOf,
  type Grant,
  type Rollout,
  type Rollouts,
  type Slot,
} from './state.ts'

/** What an event's commit says besides the event. */
export interface CommitContext {
  readonly seq: number
  readonly at: number
  readonly by: string
}

const rolloutTypes: ReadonlySet<string> = new Set<RolloutEvent['type']>([
  'RolloutOpened',
  'PlanDrawn',
  'PlanCompleted',
  'WaveStarted',
  'WavePassed',
  'NodesGranted',
  'NodesDeferred',
  'GrantsRevoked',
  'PlacesFreed',
  'VerdictsReached',
  'HoldPlaced',
  'HoldLifted',
  'RolloutHalted',
  'RolloutResumed',
  'RolloutClosed',
])
export const isRolloutEvent = (event: JobSubjectEvent): event is RolloutEvent => rolloutTypes.has(event.type)

/** Moves a node to another slot and keeps the counts true. */
const place = (rollout: Rollout, node: NodeId, slot: Slot): void => {
  const before = rollout.slots.get(node)
  if (before !== undefined) rollout.counts[before] -= 1
  rollout.slots.set(node, slot)
  rollout.counts[slot] += 1
}

/** `spec`: the job's present one, which an opened rollout is about. */
export const evolveRollouts = (
  rollouts: Rollouts,
  event: RolloutEvent,
  context: CommitContext,
  spec: Rollout['spec'],
): void => {
  if (event.type === 'RolloutOpened') return open(rollouts, event, context, spec)
  const rollout = rollouts.current
  // Events of a rollout that is not the current one can only come from a writer that the compare-and-set should have
  // stopped; they change nothing.
  if (rollout === undefined || rollout.id !== event.rollout) return
  switch (event.type) {
    case 'PlanDrawn':
      if (event.part === 0) rollout.unfinished = { parts: 0, targets: [] }
      if (rollout.unfinished?.parts !== event.part) return
      rollout.unfinished.parts += 1
      rollout.unfinished.targets.push(...event.targets)
      return
    case 'PlanCompleted': {
      const drawn = rollout.unfinished ?? { parts: 0, targets: [] }
      if (drawn.parts !== event.parts || drawn.targets.length !== event.count) return
      rollout.targets = drawn.targets
      rollout.waves = event.waves
      rollout.budget = event.budget ?? waveSizeOf(rollout.policy, event.count)
      rollout.unhealthy = event.unhealthy ?? 0
      rollout.already = event.already ?? 0
      rollout.phase = 'running'
      delete rollout.unfinished
      return
    }
    case 'WaveStarted':
      rollout.wave = event.wave
      return
    case 'WavePassed':
      rollout.wavesPassed = Math.max(rollout.wavesPassed, event.wave + 1)
      return
    case 'NodesGranted':
      return grant(rollouts, rollout, event, context)
    case 'NodesDeferred':
      for (const { node, reason } of event.nodes) {
        place(rollout, node, 'deferred')
        if (reason === 'revoked' && !revoke(rollouts, node)) rollouts.atRisk.delete(node)
      }
      return
    case 'GrantsRevoked':
      for (const node of event.nodes) {
        const held = rollouts.grants.get(node)
        place(rollout, node, 'deferred')
        if (revoke(rollouts, node) || held === undefined) continue
        rollouts.revoked.set(node, { executions: [held.execution, ...(held.afterRevoked ?? [])], seq: context.seq })
      }
      return
    case 'PlacesFreed':
      for (const node of event.nodes) if (rollouts.revoked.delete(node)) rollouts.atRisk.delete(node)
      return
    case 'VerdictsReached':
      for (const verdict of event.verdicts) settle(rollouts, rollout, verdict, context)
      return
    case 'HoldPlaced':
      rollout.heldSince ??= context.at
      rollout.holds[event.hold] = { since: context.at, by: context.by, reason: event.reason, message: event.message }
      return
    case 'HoldLifted':
      delete rollout.holds[event.hold]
      if (event.hold === 'canary') rollout.promoted = true
      if (holdsOf(rollout).length === 0) endHold(rollout, context.at)
      return
    case 'RolloutHalted':
      rollout.phase = 'halted'
      rollout.halted = {
        reason: event.reason,
        message: event.message,
        at: context.at,
        by: context.by,
        ...(event.evidence === undefined ? {} : { evidence: event.evidence }),
      }
      // A person who halts says nothing about the content; every other halt does.
      if (event.reason !== 'requested')
        rollouts.proven = rollouts.proven.filter(({ content }) => content !== rollout.content)
      return
    case 'RolloutResumed':
      return resume(rollouts, rollout, context)
    case 'RolloutClosed':
      rollout.phase = event.outcome
      rollout.closedAt = context.at
      if (event.outcome === 'completed' && rollout.counts.healthy > 0) prove(rollouts, rollout)
      return
    default:
      return event satisfies never
  }
}

const grant = (rollouts: Rollouts, rollout: Rollout, event: NodesGranted, context: CommitContext): void => {
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
const revoke = ({ grants }: Rollouts, node: NodeId): boolean => {
  const held = grants.get(node)
  if (held?.lastHealthy === undefined) grants.delete(node)
  else if (held.overtakes === undefined) grants.set(node, held.lastHealthy)
  else {
    const { verdict: _, ...unproven } = held.lastHealthy
    grants.set(node, { ...unproven, isUnproven: true, lastHealthy: held.lastHealthy })
  }
  return held?.overtakes === 'at_risk'
}

const settle = (rollouts: Rollouts, rollout: Rollout, verdict: Verdict, context: CommitContext): void => {
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
  }
  place(rollout, verdict.node, slotOf(verdict))
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

const resume = (rollouts: Rollouts, rollout: Rollout, { at }: CommitContext): void => {
  // Halted before its plan was complete, it has no budget yet.
  rollout.phase = rollout.budget === 0 ? 'planning' : 'running'
  // Halted, it could do nothing about its deadlines: they stood still.
  if (rollout.heldSince === undefined) rollout.heldMs += at - (rollout.halted?.at ?? at)
  rollout.evidence = { ...noEvidence, excluded: rollout.evidence.excluded, before: settledOf(rollout.counts) }
  for (const [node, slot] of rollout.slots) {
    if (slot !== 'failed' && slot !== 'lost') continue
    rollouts.atRisk.delete(node)
    const held = rollouts.grants.get(node)
    if (held !== undefined) held.writtenOff = true
  }
}

const prove = (rollouts: Rollouts, { id, version, content, spec }: Rollout): void => {
  rollouts.proven = rollouts.proven.filter((one) => one.content !== content)
  rollouts.proven.push({ rollout: id, version, content, spec })
  if (rollouts.proven.length > PROVEN_KEPT) rollouts.proven.shift()
}

const endHold = (rollout: Rollout, at: number): void => {
  if (rollout.heldSince !== undefined) rollout.heldMs += at - rollout.heldSince
  delete rollout.heldSince
}

const open = (rollouts: Rollouts, event: RolloutOpened, context: CommitContext, spec: Rollout['spec']): void => {
  const before = rollouts.current
  if (before !== undefined) {
    rollouts.past.push({
      id: before.id,
      type: before.type,
      version: before.version,
      phase: before.phase,
      openedAt: before.openedAt,
      closedAt: before.closedAt ?? context.at,
      counts: { ...before.counts },
      ...(before.halted === undefined ? {} : { halted: before.halted }),
    })
    if (rollouts.past.length > ROLLOUTS_KEPT) rollouts.past.shift()
  }
  rollouts.current = {
    id: event.rollout,
    type: event.rolloutType,
    version: event.version,
    content: event.content,
    policy: event.policy,
    spec,
    seed: event.seed,
    openedAt: context.at,
    openedSeq: context.seq,
    phase: 'planning',
    targets: [],
    waves: [],
    wave: -1,
    wavesPassed: 0,
    budget: 0,
    unhealthy: 0,
    already: 0,
    slots: new Map(),
    counts: noSlots(),
    evidence: { ...noEvidence, excluded: 0, before: 0 },
    holds: {},
    heldMs: 0,
    promoted: false,
  }
}

/** Unplacing a node voids every earlier grant to it, for good. */
export const releaseNodes = (rollouts: Rollouts, nodes: Iterable<NodeId>): void => {
  for (const node of nodes) {
    rollouts.grants.delete(node)
    rollouts.atRisk.delete(node)
    rollouts.revoked.delete(node)
    if (rollouts.current?.slots.has(node)) place(rollouts.current, node, 'removed')
  }
}

/** Stop and delete void every earlier grant of the job. */
export const releaseAll = (rollouts: Rollouts): void => {
  rollouts.grants.clear()
  rollouts.atRisk.clear()
  rollouts.revoked.clear()
  if (rollouts.current !== undefined) rollouts.current.voided = true
}
