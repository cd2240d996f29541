/** Folds the events of rollouts. Facts in, state out; every rule about whether something may happen is in `decide`. */
import type { JobSubjectEvent, NodeId, RolloutEvent, RolloutOpened } from '@dunlin/contracts'
import type { CommitContext } from '../commit-context.ts'
import { noEvidence } from './analysis/one-sample.ts'
import { grantNodes, takeBack } from './fold-grants.ts'
import { prove, resume, settle, stopFailed } from './fold-outcomes.ts'
import { endHold, place } from './fold-slots.ts'
import { waveSizeOf } from './plan/waves.ts'
import { holdsOf, noSlots, ROLLOUTS_KEPT, type Rollout, type Rollouts } from './state.ts'

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
      return grantNodes(rollouts, rollout, event, context)
    case 'NodesDeferred':
      for (const { node, reason } of event.nodes) {
        place(rollout, node, 'deferred')
        if (reason === 'revoked' && !takeBack(rollouts, node)) rollouts.atRisk.delete(node)
      }
      return
    case 'GrantsRevoked':
      for (const node of event.nodes) {
        const held = rollouts.grants.get(node)
        place(rollout, node, 'deferred')
        if (takeBack(rollouts, node) || held === undefined) continue
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
      // An immediate rollout only records: what failed there goes on trying, also when it ends because nobody is healthy.
      if (rollout.policy.strategy !== 'immediate' || event.reason !== 'none_healthy') stopFailed(rollouts, rollout)
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
      return resume(rollouts, rollout, event, context)
    case 'RolloutClosed':
      rollout.phase = event.outcome
      rollout.closedAt = context.at
      if (event.outcome === 'completed' && rollout.counts.healthy > 0) prove(rollouts, rollout)
      return
    default:
      return event satisfies never
  }
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
    isProven: rollouts.proven.some(({ content }) => content === event.content),
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
