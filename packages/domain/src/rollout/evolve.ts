/** Folds the events of rollouts. Facts in, state out; every rule about whether something may happen is in `decide`. */
import type { JobSubjectEvent, NodeId, RolloutEvent, RolloutOpened } from '@dunlin/contracts'
import { ROLLOUTS_KEPT, type Rollout, type Rollouts, type Slot } from './state.ts'

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
  'VerdictsReached',
  'RolloutHalted',
  'RolloutClosed',
])
export const isRolloutEvent = (event: JobSubjectEvent): event is RolloutEvent => rolloutTypes.has(event.type)

/** Moves a node to another slot and keeps the counts true. `undefined` takes it out of the rollout. */
const place = (rollout: Rollout, node: NodeId, slot: Slot | undefined): void => {
  const before = rollout.slots.get(node)
  if (before !== undefined) rollout.counts[before] -= 1
  if (slot === undefined) rollout.slots.delete(node)
  else {
    rollout.slots.set(node, slot)
    rollout.counts[slot] += 1
  }
}

export const evolveRollouts = (rollouts: Rollouts, event: RolloutEvent, context: CommitContext): void => {
  if (event.type === 'RolloutOpened') return open(rollouts, event, context)
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
      for (const [node, execution] of event.grants) {
        const previous = rollouts.grants.get(node)?.execution
        rollouts.grants.set(node, {
          execution,
          ...(previous === undefined ? {} : { previous }),
          rollout: rollout.id,
          version: event.version,
          content: event.content,
          epoch: event.epoch,
          seq: context.seq,
          at: context.at,
          wave: event.wave,
        })
        rollouts.atRisk.add(node)
        place(rollout, node, 'open')
      }
      return
    case 'NodesDeferred':
      for (const { node, reason } of event.nodes) {
        place(rollout, node, 'deferred')
        if (reason !== 'revoked') continue
        rollouts.grants.delete(node)
        rollouts.atRisk.delete(node)
      }
      return
    case 'VerdictsReached':
      for (const verdict of event.verdicts) {
        const grant = rollouts.grants.get(verdict.node)
        if (grant === undefined || grant.execution !== verdict.execution) continue
        grant.verdict = {
          is: verdict.verdict,
          reason: verdict.reason,
          at: context.at,
          window: verdict.window,
          evidence: verdict.evidence,
        }
        if (verdict.verdict === 'healthy') rollouts.atRisk.delete(verdict.node)
        place(rollout, verdict.node, verdict.verdict)
      }
      return
    case 'RolloutHalted':
      rollout.phase = 'halted'
      rollout.halted = { reason: event.reason, message: event.message, at: context.at }
      return
    case 'RolloutClosed':
      rollout.phase = event.outcome
      rollout.closedAt = context.at
      if (event.outcome === 'completed' && rollout.counts.healthy > 0)
        rollouts.fallback = { version: rollout.version, content: rollout.content }
      return
    default:
      return event satisfies never
  }
}

const open = (rollouts: Rollouts, event: RolloutOpened, context: CommitContext): void => {
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
    })
    if (rollouts.past.length > ROLLOUTS_KEPT) rollouts.past.shift()
  }
  rollouts.current = {
    id: event.rollout,
    type: event.rolloutType,
    version: event.version,
    content: event.content,
    policy: event.policy,
    seed: event.seed,
    openedAt: context.at,
    openedSeq: context.seq,
    phase: 'planning',
    targets: [],
    waves: [],
    wave: -1,
    wavesPassed: 0,
    slots: new Map(),
    counts: { open: 0, healthy: 0, failed: 0, deferred: 0 },
  }
}

/** Unplacing a node voids every earlier grant to it, for good. */
export const releaseNodes = (rollouts: Rollouts, nodes: Iterable<NodeId>): void => {
  for (const node of nodes) {
    rollouts.grants.delete(node)
    rollouts.atRisk.delete(node)
    if (rollouts.current) place(rollouts.current, node, undefined)
  }
}

/** Stop and delete void every earlier grant of the job. */
export const releaseAll = (rollouts: Rollouts): void => {
  rollouts.grants.clear()
  rollouts.atRisk.clear()
}
