/**
 * What a rollout does next. Pure and level-triggered: from the job's state and facts about the fleet to the next commits,
 * nothing when it waits. Called after every fold that touched the job, so a crash between two calls loses nothing.
 */
import type { ExecutionId, JobSubjectEvent, NodeId, RolloutId, RolloutPolicy, Sha256 } from '@dunlin/contracts'
import { isPresent, type Job, type PresentJob } from '../job/state.ts'
import { PART_SIZE } from '../placement/evaluate.ts'
import { whyHalt } from './health/halting.ts'
import { orderTargets } from './plan/order.ts'
import { drawWaves, waveSizeOf } from './plan/waves.ts'
import { countsOf, mayClose, type Rollout } from './state.ts'

/** What the engine knows besides the job, and what it may draw. */
export interface AdvanceFacts {
  readonly epoch: number
  readonly nowMs: number
  /** False while the log is nearly full: only a rollback still grants (docs/architecture.md). */
  readonly mayGrant: boolean
  readonly isConnected: (node: NodeId) => boolean
  /** An execution of this job is running badly on the node now: it is served first. */
  readonly isUnhealthy: (node: NodeId) => boolean
  /** The rollout block of the present spec, resolved. */
  readonly policy: RolloutPolicy
  readonly newRolloutId: () => RolloutId
  readonly newExecutionId: () => ExecutionId
  readonly newSeed: () => number
  readonly hashOfTargets: (ordered: readonly NodeId[]) => Sha256
}

type Commits = readonly (readonly JobSubjectEvent[])[]
const WAIT: Commits = []

export const advanceRollout = (job: Job, facts: AdvanceFacts): Commits => {
  if (!isPresent(job) || job.versions.lifecycle !== 'active') return WAIT
  if (mustOpen(job)) return openRollout(job, facts)
  const rollout = job.rollouts.current
  if (rollout === undefined) return WAIT
  switch (rollout.phase) {
    case 'planning':
      return plan(job, rollout, facts)
    case 'running':
      return run(job, rollout, facts)
    case 'completed':
      return grantJoiners(job, rollout, facts)
    case 'halted':
    case 'superseded':
    case 'canceled':
    case 'expired':
      return WAIT
    default:
      return rollout.phase satisfies never
  }
}

/** Only a change of content moves nodes; and only what the scheduler has placed for this version can be planned. */
const mustOpen = (job: PresentJob): boolean => {
  if (job.placement.last?.version !== job.versions.version) return false
  const { current } = job.rollouts
  return current === undefined || current.content !== job.versions.content || current.phase === 'canceled'
}

const openRollout = (job: PresentJob, facts: AdvanceFacts): Commits => {
  const { current, past } = job.rollouts
  const superseded: JobSubjectEvent[] = mayClose(current)
    ? [{ type: 'RolloutClosed', rollout: current.id, outcome: 'superseded', counts: countsOf(current) }]
    : []
  const rollout = facts.newRolloutId()
  const seed = facts.newSeed()
  const opened: JobSubjectEvent = {
    type: 'RolloutOpened',
    rollout,
    rolloutType: current === undefined && past.length === 0 ? 'create' : 'update',
    version: job.versions.version,
    content: job.versions.content,
    policy: facts.policy,
    seed,
    ...(superseded.length > 0 && current ? { supersedes: current.id } : {}),
  }
  const [first = [], ...rest] = drawPlan(job, { id: rollout, seed, policy: facts.policy }, facts)
  return [[...superseded, opened, ...first], ...rest]
}

/** An engine that died between opening and the end of the plan left parts behind: they are drawn again. */
const plan = (job: PresentJob, rollout: Rollout, facts: AdvanceFacts): Commits => drawPlan(job, rollout, facts)

const drawPlan = (job: PresentJob, rollout: Pick<Rollout, 'id' | 'seed' | 'policy'>, facts: AdvanceFacts): Commits => {
  const { atRisk } = job.rollouts
  const priorityOf = (node: NodeId): number => (atRisk.has(node) ? 0 : facts.isUnhealthy(node) ? 1 : 2)
  const targets = orderTargets(job.placement.nodes, rollout.seed, priorityOf)
  const parts: JobSubjectEvent[] = []
  for (let from = 0; from < targets.length; from += PART_SIZE)
    parts.push({
      type: 'PlanDrawn',
      rollout: rollout.id,
      part: parts.length,
      targets: targets.slice(from, from + PART_SIZE),
    })
  const completed: JobSubjectEvent = {
    type: 'PlanCompleted',
    rollout: rollout.id,
    parts: parts.length,
    count: targets.length,
    hash: facts.hashOfTargets(targets),
    placedAt: job.placement.last?.seq ?? 0,
    waves: [...drawWaves(rollout.policy, targets.length)],
  }
  const last = parts.pop()
  return [...parts.map((part) => [part]), last === undefined ? [completed] : [last, completed]]
}

const run = (job: PresentJob, rollout: Rollout, facts: AdvanceFacts): Commits => {
  const budget = waveSizeOf(rollout.policy, rollout.targets.length)
  const someoneWaits = () => rollout.targets.some((node) => !rollout.slots.has(node) && job.placement.nodes.has(node))
  const halt = whyHalt(rollout, job.rollouts.atRisk.size, budget, someoneWaits)
  if (halt !== undefined) return [[{ type: 'RolloutHalted', rollout: rollout.id, ...halt, counts: countsOf(rollout) }]]
  if (rollout.wave < 0 && rollout.waves.length > 0) return startWave(job, rollout, 0, facts)
  // The usual case while a wave settles, told without walking it: everybody has a turn behind him, and grants are open.
  if (rollout.counts.open > 0 && rollout.counts.deferred === 0 && rollout.slots.size >= turnsUpTo(rollout)) return WAIT
  const members = waveMembers(rollout, rollout.wave)
  const turn = takeTurns(job, rollout, [...members, ...deferredAtRisk(job, rollout)], rollout.wave, facts, budget)
  if (turn.length > 0) return turn
  if (members.some((node) => job.placement.nodes.has(node) && isUnsettled(rollout, node))) return WAIT
  return endWave(job, rollout, facts)
}

/** Passing one wave and starting the next is one commit: there is no moment in which nothing is under way. */
const endWave = (job: PresentJob, rollout: Rollout, facts: AdvanceFacts): Commits => {
  const passed: JobSubjectEvent[] =
    rollout.wave >= rollout.wavesPassed && rollout.waves.length > 0
      ? [{ type: 'WavePassed', rollout: rollout.id, wave: rollout.wave }]
      : []
  if (rollout.wave + 1 < rollout.waves.length) {
    if (rollout.policy.strategy === 'canary' && rollout.wave === 0 && !rollout.policy.autoPromote)
      return passed.length > 0 ? [passed] : WAIT
    const [first = [], ...rest] = startWave(job, rollout, rollout.wave + 1, facts)
    return [[...passed, ...first], ...rest]
  }
  // It completes only on evidence: with targets, at least one must have settled healthy and none may be open.
  const done = rollout.counts.open === 0 && (rollout.targets.length === 0 || rollout.counts.healthy > 0)
  const gone = rollout.targets.every((node) => !job.placement.nodes.has(node))
  if (!done && !gone) {
    const returned = grantJoiners(job, rollout, facts)
    if (passed.length > 0) return [passed, ...returned]
    const expired = rollout.counts.open === 0 && facts.nowMs - rollout.openedAt > rollout.policy.expiryMs
    if (!expired || returned.length > 0) return returned
    return [[{ type: 'RolloutClosed', rollout: rollout.id, outcome: 'expired', counts: countsOf(rollout) }]]
  }
  const closed: JobSubjectEvent = {
    type: 'RolloutClosed',
    rollout: rollout.id,
    outcome: 'completed',
    counts: countsOf(rollout),
  }
  return [[...passed, closed]]
}

const startWave = (job: PresentJob, rollout: Rollout, wave: number, facts: AdvanceFacts): Commits => {
  const started: JobSubjectEvent = { type: 'WaveStarted', rollout: rollout.id, wave }
  const budget = waveSizeOf(rollout.policy, rollout.targets.length)
  const [first = [], ...rest] = takeTurns(job, rollout, waveMembers(rollout, wave), wave, facts, budget)
  return [[started, ...first], ...rest]
}

/** How many targets the waves up to the present one hold. */
const turnsUpTo = (rollout: Rollout): number => {
  let turns = 0
  for (let i = 0; i <= rollout.wave; i += 1) turns += rollout.waves[i] ?? 0
  return turns
}

export const waveMembers = (rollout: Rollout, wave: number): readonly NodeId[] => {
  let from = 0
  for (let i = 0; i < wave; i += 1) from += rollout.waves[i] ?? 0
  return rollout.targets.slice(from, from + (rollout.waves[wave] ?? 0))
}

/**
 * Nodes at risk that were unreachable when their turn came. They fill places of the budget until they run this content, so
 * they are served as soon as they are back, also when their wave has passed.
 */
const deferredAtRisk = (job: PresentJob, rollout: Rollout): readonly NodeId[] => {
  if (rollout.counts.deferred === 0) return []
  return [...job.rollouts.atRisk].filter((node) => rollout.slots.get(node) === 'deferred')
}

const isUnsettled = (rollout: Rollout, node: NodeId): boolean => {
  const slot = rollout.slots.get(node)
  return slot === undefined || slot === 'open'
}

/** Grants, or defers where the node cannot be reached, as far as the budget of nodes at risk allows. */
const takeTurns = (
  job: PresentJob,
  rollout: Rollout,
  nodes: readonly NodeId[],
  wave: number,
  facts: AdvanceFacts,
  budget: number,
): Commits => {
  if (!facts.mayGrant && rollout.type !== 'rollback') return WAIT
  const grants: [NodeId, ExecutionId][] = []
  const deferred: { node: NodeId; reason: 'offline' }[] = []
  let places = budget - job.rollouts.atRisk.size
  for (const node of nodes) {
    if (!job.placement.nodes.has(node)) continue
    const slot = rollout.slots.get(node)
    if (slot !== undefined && slot !== 'deferred') continue
    if (!facts.isConnected(node)) {
      if (slot === undefined) deferred.push({ node, reason: 'offline' })
      continue
    }
    // A node that is already at risk takes no new place: the fix for a sick fleet must be able to reach it.
    if (!job.rollouts.atRisk.has(node)) {
      if (places <= 0) continue
      places -= 1
    }
    grants.push([node, facts.newExecutionId()])
  }
  return [...grantCommits(rollout, wave, grants, facts), ...deferCommits(rollout, deferred)]
}

const grantCommits = (
  rollout: Rollout,
  wave: number,
  grants: [NodeId, ExecutionId][],
  facts: AdvanceFacts,
): readonly JobSubjectEvent[][] =>
  chunks(grants).map((part) => [
    {
      type: 'NodesGranted',
      rollout: rollout.id,
      wave,
      version: rollout.version,
      content: rollout.content,
      epoch: facts.epoch,
      grants: part,
    },
  ])

const deferCommits = (rollout: Rollout, nodes: { node: NodeId; reason: 'offline' }[]): readonly JobSubjectEvent[][] =>
  chunks(nodes).map((part) => [{ type: 'NodesDeferred', rollout: rollout.id, nodes: part }])

const chunks = <T>(items: readonly T[]): T[][] => {
  const parts: T[][] = []
  for (let from = 0; from < items.length; from += PART_SIZE) parts.push(items.slice(from, from + PART_SIZE))
  return parts
}

/**
 * Nodes that were placed after the plan, and deferred ones that are back: after the last wave, under the same budget and
 * the same judgement. A failure among them halts a rollout that had completed like any other.
 */
const grantJoiners = (job: PresentJob, rollout: Rollout, facts: AdvanceFacts): Commits => {
  const waiting: NodeId[] = []
  for (const node of job.placement.nodes) {
    const slot = rollout.slots.get(node)
    const current = job.rollouts.grants.get(node)?.rollout === rollout.id
    if ((slot === undefined || slot === 'deferred') && !current && facts.isConnected(node)) waiting.push(node)
  }
  const budget = waveSizeOf(rollout.policy, Math.max(rollout.targets.length, job.placement.nodes.size))
  const halt = whyHalt(rollout, job.rollouts.atRisk.size, budget, () => waiting.length > 0)
  if (halt !== undefined) return [[{ type: 'RolloutHalted', rollout: rollout.id, ...halt, counts: countsOf(rollout) }]]
  if (waiting.length === 0) return WAIT
  return takeTurns(job, rollout, waiting, rollout.waves.length, facts, budget)
}
