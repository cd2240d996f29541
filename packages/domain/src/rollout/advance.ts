/**
 * What a rollout does next. Pure and level-triggered: from the job's state and facts about the fleet to the next commits,
 * nothing when it waits. Called after every fold that touched the job, so a crash between two calls loses nothing.
 */
import type { JobSubjectEvent, NodeId } from '@dunlin/contracts'
import { isPresent, type Job, type PresentJob } from '../job/state.ts'
import { isReachable, type AdvanceFacts } from './facts.ts'
import { awaitsTurn, defer, rampLeft, takeTurns } from './grants.ts'
import { whyHalt, type Prospects } from './health/halting.ts'
import { lookAround, lookForRoom, ofCanary } from './holding.ts'
import { hopeless, isHopeless } from './hopeless.ts'
import { haltRollout, mustOpen, openRollout, planAgain, wantsAnother } from './open.ts'
import { waveSizeOf } from './plan/waves.ts'
import { countsOf, isHeld, isRight, waveMembers, type Rollout } from './state.ts'

type Commits = readonly (readonly JobSubjectEvent[])[]
const WAIT: Commits = []

export const advanceRollout = (job: Job, facts: AdvanceFacts): Commits => {
  if (!isPresent(job) || job.versions.lifecycle !== 'active') return WAIT
  if (mustOpen(job)) return openRollout(job, facts)
  const rollout = job.rollouts.current
  // A newer version waits for its placement: the old one gets no more grants, and must not be rolled back over it.
  if (rollout === undefined || wantsAnother(job)) return WAIT
  switch (rollout.phase) {
    case 'planning':
      return planAgain(job, rollout, facts)
    case 'running':
      return run(job, rollout, facts)
    case 'completed':
      return grantJoiners(job, rollout, facts)
    case 'halted':
      return deferJoiners(job, rollout)
    case 'superseded':
    case 'canceled':
    case 'expired':
      return WAIT
    default:
      return rollout.phase satisfies never
  }
}

const run = (job: PresentJob, rollout: Rollout, facts: AdvanceFacts): Commits => {
  const { budget } = rollout
  const waiting = () =>
    rollout.targets.filter((node) => awaitsFirstGrant(rollout, node) && job.placement.nodes.has(node))
  const prospects = prospectsOf(job, rollout, budget, waiting)
  const halt = whyHalt(rollout, prospects)
  if (halt !== undefined) return haltRollout(job, rollout, halt, budget, facts)
  const sight = lookAround(rollout, facts)
  if (sight.length > 0) return sight
  const room = lookForRoom(job, rollout, prospects, facts)
  if (room.length > 0) return room
  if (isHeld(rollout)) return WAIT
  if (rollout.wave < 0 && rollout.waves.length > 0) return startWave(job, rollout, 0, facts)
  // The usual case while a wave settles, told without walking it: everybody has a turn behind him, and grants are open.
  const { open, deferred, removed } = rollout.counts
  if (open > 0 && deferred + removed === 0 && rollout.slots.size >= turnsUpTo(rollout)) return WAIT
  // The ramp is used up until more of its open grants have settled: it is not walked for each of them.
  if (open > 0 && rampLeft(rollout, budget) <= 0) return WAIT
  const members = waveMembers(rollout, rollout.wave)
  // A member whose grant was revoked is among both, and gets one grant.
  const next = new Set([...members, ...deferredAtRisk(job, rollout)])
  const turn = takeTurns(job, rollout, next, rollout.wave, facts, budget)
  if (turn.length > 0) return turn
  const unsettled = members.some((node) => job.placement.nodes.has(node) && isUnsettled(rollout, node))
  return unsettled ? expire(rollout, facts) : endWave(job, rollout, facts)
}

const prospectsOf = (
  { rollouts: { atRisk, revoked, grants }, placement }: PresentJob,
  { targets, slots }: Rollout,
  budget: number,
  waiting: () => readonly NodeId[],
): Prospects => ({
  // A revoked grant's place comes free by itself, as soon as the grant can no longer be activated.
  stuckAtRisk: atRisk.size - revoked.size,
  budget,
  stillToSettle: () => {
    let count = 0
    for (const node of targets) if (!slots.has(node) && placement.nodes.has(node)) count += 1
    for (const [node, slot] of slots)
      if (slot === 'open' ? grants.get(node)?.wasUnhealthy !== true : slot === 'removed' && placement.nodes.has(node))
        count += 1
    return count
  },
  waitsForPlace: () => {
    const nodes = waiting()
    return nodes.length > 0 && !nodes.some((node) => atRisk.has(node))
  },
})

/** Passing one wave and starting the next is one commit: there is no moment in which nothing is under way. */
const endWave = (job: PresentJob, rollout: Rollout, facts: AdvanceFacts): Commits => {
  const isLast = rollout.wave + 1 >= rollout.waves.length
  const passed: JobSubjectEvent[] =
    rollout.wave >= rollout.wavesPassed && rollout.waves.length > 0
      ? [{ type: 'WavePassed', rollout: rollout.id, wave: rollout.wave }]
      : []
  if (!isLast) {
    if (rollout.policy.strategy === 'canary' && rollout.wave === 0 && !rollout.promoted) {
      const verdict = ofCanary(job, rollout)
      if (verdict === 'nobody') return expire(rollout, facts)
      if (verdict !== 'go')
        return [[...passed, { type: 'HoldPlaced', rollout: rollout.id, hold: 'canary', ...verdict }]]
    }
    const [first = [], ...rest] = startWave(job, rollout, rollout.wave + 1, facts)
    return [[...passed, ...first], ...rest]
  }
  // It completes only on evidence: at least one must have settled healthy, unless no target is left, and none may be open.
  const isEmpty = (): boolean => rollout.targets.every((node) => !job.placement.nodes.has(node))
  const isDone = rollout.counts.open === 0 && (rollout.counts.healthy > 0 || isEmpty())
  if (!isDone) {
    const returned = grantJoiners(job, rollout, facts)
    if (passed.length > 0) return [passed, ...returned]
    if (returned.length > 0) return returned
    return isHopeless(job, rollout, facts)
      ? haltRollout(job, rollout, hopeless(rollout), rollout.budget, facts)
      : expire(rollout, facts)
  }
  const closed: JobSubjectEvent = {
    type: 'RolloutClosed',
    rollout: rollout.id,
    outcome: 'completed',
    counts: countsOf(rollout),
  }
  return [[...passed, closed]]
}

/** Nothing is open and nothing can be granted: it waits for nodes that cannot be reached, but not for ever. */
const expire = (rollout: Rollout, facts: AdvanceFacts): Commits => {
  if (rollout.counts.open > 0) return WAIT
  if (facts.nowMs - rollout.openedAt - rollout.heldMs <= rollout.policy.expiryMs) return WAIT
  return [[{ type: 'RolloutClosed', rollout: rollout.id, outcome: 'expired', counts: countsOf(rollout) }]]
}

const startWave = (job: PresentJob, rollout: Rollout, wave: number, facts: AdvanceFacts): Commits => {
  const started: JobSubjectEvent = { type: 'WaveStarted', rollout: rollout.id, wave }
  const [first = [], ...rest] = takeTurns(job, rollout, waveMembers(rollout, wave), wave, facts, rollout.budget)
  return [[started, ...first], ...rest]
}

/** How many targets the waves up to the present one hold. */
const turnsUpTo = (rollout: Rollout): number => {
  let turns = 0
  for (let i = 0; i <= rollout.wave; i += 1) turns += rollout.waves[i] ?? 0
  return turns
}

/**
 * Nodes at risk that were unreachable when their turn came. They fill places of the budget until they run this content, so
 * they are served as soon as they are back, also when their wave has passed; not before it, or they would join the canaries.
 */
const deferredAtRisk = (job: PresentJob, rollout: Rollout): readonly NodeId[] => {
  if (rollout.counts.deferred === 0) return []
  const deferred = [...job.rollouts.atRisk].filter((node) => rollout.slots.get(node) === 'deferred')
  if (deferred.length === 0) return deferred
  const later = new Set(rollout.targets.slice(turnsUpTo(rollout)))
  return deferred.filter((node) => !later.has(node))
}

const awaitsFirstGrant = (rollout: Rollout, node: NodeId): boolean => {
  const slot = rollout.slots.get(node)
  return slot === undefined || slot === 'removed'
}

const isUnsettled = (rollout: Rollout, node: NodeId): boolean =>
  awaitsFirstGrant(rollout, node) || rollout.slots.get(node) === 'open'

/**
 * Nodes that were placed after the plan, and deferred ones that are back: after the last wave, under the same budget and
 * the same judgement. A failure among them halts a rollout that had completed like any other.
 */
const grantJoiners = (job: PresentJob, rollout: Rollout, facts: AdvanceFacts): Commits => {
  const waiting = joiners(job, rollout).filter((node) => isReachable(facts, node))
  const budget = Math.max(rollout.budget, waveSizeOf(rollout.policy, job.placement.nodes.size))
  const halt = whyHalt(
    rollout,
    prospectsOf(job, rollout, budget, () => waiting),
  )
  if (halt !== undefined) return haltRollout(job, rollout, halt, budget, facts)
  if (rollout.phase === 'completed') {
    const sight = lookAround(rollout, facts)
    if (sight.length > 0) return sight
  }
  if (waiting.length === 0 || isHeld(rollout)) return WAIT
  return takeTurns(job, rollout, waiting, rollout.waves.length, facts, budget)
}

/** Nothing new is granted by a halted rollout; who joins is told so, and gets the next one. */
const deferJoiners = (job: PresentJob, rollout: Rollout): Commits => {
  const targets = new Set(rollout.targets)
  const news = joiners(job, rollout).filter((node) => !rollout.slots.has(node) && !targets.has(node))
  return defer(rollout, news, 'rollout_halted')
}

const joiners = (job: PresentJob, rollout: Rollout): readonly NodeId[] => {
  const waiting: NodeId[] = []
  for (const node of job.placement.nodes) {
    if (!awaitsTurn(rollout.slots.get(node))) continue
    const grant = job.rollouts.grants.get(node)
    if (grant?.rollout === rollout.id) continue
    if (rollout.type !== 'restart' && isRight(job.rollouts, node, rollout.content)) continue
    waiting.push(node)
  }
  return waiting
}
