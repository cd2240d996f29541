/**
 * The derived state of a job, by one pure function of its aggregate and of what its nodes say. The scheduler appends
 * `JobStateChanged` when the answer differs from the recorded one.
 */
import { schedulingClass, type JobStateChanged, type NodeId, type Sha256 } from '@dunlin/contracts'
import { causeText, failureCause, type FailureCause } from '../execution/cause.ts'
import type { ObservedState } from '../execution/observe.ts'
import { whatNodesLack } from '../placement/eligibility.ts'
import { wantsAnother } from '../rollout/open.ts'
import { grantedOf, type Rollout } from '../rollout/state.ts'
import { executionRow, type FleetReader } from '../views/executions.ts'
import { nodeCount } from '../words.ts'
import type { Job, PresentJob } from './state.ts'
import { specOfStored } from './stored-spec.ts'

export type DerivedState = Omit<JobStateChanged, 'type'>

export interface StatusFacts {
  readonly isConnected: (node: NodeId) => boolean
  /** Observed state of the execution that the node's latest grant names. */
  readonly observed: (node: NodeId) => ObservedState
  /** What went wrong most often with a content; `ended`: only of what does not try again. */
  readonly cause: (content: Sha256, which: 'all' | 'ended') => FailureCause | undefined
}

/** What a job's state is derived from, by whoever follows the log. */
export const statusFacts = (job: Job, fleet: FleetReader): StatusFacts => ({
  isConnected: (node) => fleet.node(node)?.connection.is === 'connected',
  observed: (node) => executionRow(job, node, fleet)?.observation.state ?? 'pending',
  cause: (content, which) => failureCause(job, content, fleet, which),
})

interface Tally {
  targets: number
  running: number
  completed: number
  /** Failed its validation, or for good. */
  failed: number
  /** Of these, who will not try again. */
  ended: number
  unhealthy: number
  deferred: number
  offline: number
}

const state = (
  type: DerivedState['state'],
  reason: string,
  message: string,
  more: Partial<Pick<DerivedState, 'waitsFor' | 'until' | 'details'>> = {},
): DerivedState => ({ state: type, reason, message, ...more })

export const deriveJobState = (job: PresentJob, facts: StatusFacts): DerivedState => {
  const { versions, placement, rollouts } = job
  if (versions.lifecycle !== 'active') {
    const { type, reason, message } = versions.state
    return state(type, reason, message)
  }
  // Terminal for its version, unless somebody whose turn is still to come may end otherwise.
  if (versions.state.type === 'completed' && (versions.state.details?.['deferred'] ?? 0) === 0) {
    const { reason, message, details } = versions.state
    return state('completed', reason, message, details === undefined ? {} : { details })
  }
  if (placement.last?.version !== versions.version)
    return state('pending', 'accepted', 'Accepted, not evaluated yet', { waitsFor: 'evaluation' })
  if (placement.nodes.size === 0) return queuedForNodes(job, placement.last.leftOut)
  const rollout = rollouts.current
  if (rollout === undefined || wantsAnother(job))
    return state('deploying', 'rollout_opening', 'A rollout is being planned', { waitsFor: 'plan' })
  switch (rollout.phase) {
    case 'planning':
      return state('deploying', 'rollout_opening', 'A rollout is being planned', { waitsFor: 'plan' })
    case 'running':
      return whileRunning(job, rollout, facts)
    case 'halted':
      return state(
        'rollout_failed',
        rollout.halted?.reason ?? 'halted',
        (rollout.halted?.message ?? 'The rollout halted') + because(facts.cause(rollout.content, 'all')),
        { waitsFor: 'resume, rollback or a new version', details: detailsOf(rollout) },
      )
    case 'expired':
      return state('rollout_failed', 'rollout_expired', howItExpired(rollout, facts), { details: detailsOf(rollout) })
    case 'completed':
      return atRest(job, tally(job, rollout, facts), () => because(facts.cause(rollout.content, 'ended')))
    case 'superseded':
    case 'canceled':
      return state('deploying', 'rollout_opening', 'A rollout is being planned', { waitsFor: 'plan' })
    default:
      return rollout.phase satisfies never
  }
}

/** A message that ends with the cause, where one is known. */
const because = (cause: FailureCause | undefined): string => (cause === undefined ? '' : `; ${causeText(cause)}`)

const queuedForNodes = ({ versions }: PresentJob, leftOut: Readonly<Record<string, number>>): DerivedState => {
  const lacks = whatNodesLack(versions.spec)
  const reasons = Object.entries(leftOut)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([reason, count]) => `${count} by ${reason}${reason === 'capability' ? ` (${lacks})` : ''}`)
  const why = reasons.length === 0 ? 'no node has joined yet' : `left out: ${reasons.join(', ')}`
  return state('queued', 'no_matching_node', `No node can take the job (${why})`, {
    waitsFor: 'a matching node',
    details: { ...leftOut },
  })
}

const whileRunning = (job: PresentJob, rollout: Rollout, facts: StatusFacts): DerivedState => {
  const { counts, targets, waves, wave } = rollout
  if (grantedOf(counts) === 0 && rollout.holds.user === undefined && targets.every((node) => !facts.isConnected(node)))
    return state(
      'queued',
      'all_nodes_offline',
      targets.length === 1
        ? 'The only matching node is not connected'
        : `None of the ${targets.length} matching nodes is connected`,
      {
        waitsFor: 'a node to connect',
        until: rollout.openedAt + rollout.heldMs + rollout.policy.expiryMs,
        details: { ...job.placement.last?.leftOut, offline: targets.length },
      },
    )
  const details = { ...detailsOf(rollout), wave: wave + 1, waves: waves.length, version: job.versions.version }
  const held = heldState(rollout, details)
  if (held !== undefined) return held
  const doing = rollout.type === 'rollback' ? 'Rolling back' : `Wave ${Math.max(1, wave + 1)} of ${waves.length}`
  const failed = counts.failed + counts.lost
  return state(
    'deploying',
    rollout.type === 'rollback' ? 'rolling_back' : 'rollout_running',
    `${doing}: ${counts.healthy} of ${targets.length} healthy` +
      (failed > 0 ? `, ${failed} failed` : '') +
      because(whyFailed(job, rollout, failed > 0, facts)),
    { waitsFor: 'health of the wave', details },
  )
}

const howItExpired = ({ counts, targets, content }: Rollout, { cause }: StatusFacts): string => {
  if (grantedOf(counts) === 0) return 'No target could be reached before the rollout expired'
  const failed = counts.failed + counts.lost
  return (
    `The rollout expired: ${counts.healthy} of ${targets.length} healthy, ${failed} failed, ${counts.deferred} deferred` +
    (failed > 0 ? because(cause(content, 'all')) : '')
  )
}

/** A rollback is told with what it goes back from: that failed, and this may be well. */
const whyFailed = (
  { versions, rollouts }: PresentJob,
  { type, content }: Rollout,
  hasFailed: boolean,
  { cause }: StatusFacts,
): FailureCause | undefined => {
  if (hasFailed) return cause(content, 'all')
  const before = rollouts.past.at(-1)
  if (type !== 'rollback' || before?.halted === undefined) return undefined
  const from = versions.history.find(({ version }) => version === before.version)
  return from && cause(from.content, 'all')
}

const detailsOf = ({ counts, targets }: Rollout): Record<string, number> => ({ ...counts, targets: targets.length })

/** A person's hold comes first: it is the one that a person must lift. */
const heldState = ({ holds }: Rollout, details: Record<string, number>): DerivedState | undefined => {
  if (holds.user !== undefined)
    return state('rollout_paused', 'paused', `Paused by ${holds.user.by}: ${holds.user.message}`, {
      waitsFor: 'resume',
      details,
    })
  if (holds.canary !== undefined)
    return state('deploying', holds.canary.reason, holds.canary.message, { waitsFor: 'promote', details })
  if (holds.budget !== undefined)
    return state('deploying', holds.budget.reason, holds.budget.message, { waitsFor: 'places, or resume', details })
  if (holds.visibility !== undefined)
    return state('deploying', holds.visibility.reason, holds.visibility.message, {
      waitsFor: 'sight of nodes',
      details,
    })
  return undefined
}

const atRest = (job: PresentJob, count: Tally, cause: () => string): DerivedState => {
  const details = { ...count }
  const deferred = count.deferred > 0 ? `, ${count.deferred} deferred` : ''
  if (count.targets === 0)
    return state('queued', 'all_nodes_offline', `No target is left that could run the job${deferred}`, {
      waitsFor: 'a node to connect',
      details,
    })
  if (count.completed === count.targets)
    return state('completed', 'all_completed', `Completed on ${nodeCount(count.completed)}${deferred}`, { details })
  if (count.ended === count.targets)
    return state(
      'failed',
      'all_failed',
      `Failed on ${count.ended === 1 ? '1 node' : `all ${count.ended} nodes`}${deferred}${cause()}`,
      { details },
    )
  // One target of a batch job that has failed for good is enough: the others cannot make up for it.
  if (count.ended > 0 && isBatch(job))
    return state(
      'failed',
      'target_failed',
      `Failed on ${count.ended} of ${nodeCount(count.targets)}${deferred}${cause()}`,
      {
        details,
      },
    )
  const unwell = count.failed + count.unhealthy
  if (unwell > 0)
    return state(
      'degraded',
      'unhealthy_nodes',
      `${unwell} of ${nodeCount(count.targets)} unhealthy${deferred}${count.failed > 0 ? cause() : ''}`,
      { details },
    )
  return state('running', 'all_healthy', `Job running on ${nodeCount(count.running)}${deferred}`, {
    details: { ...details, version: job.versions.version },
  })
}

const isBatch = ({ versions }: PresentJob): boolean => schedulingClass(specOfStored(versions.spec)) === 'batch'

const tally = (job: PresentJob, rollout: Rollout, facts: StatusFacts): Tally => {
  const count: Tally = {
    targets: 0,
    running: 0,
    completed: 0,
    failed: 0,
    ended: 0,
    unhealthy: 0,
    deferred: 0,
    offline: 0,
  }
  for (const node of job.placement.nodes) {
    const grant = job.rollouts.grants.get(node)
    if (grant === undefined || rollout.slots.get(node) === 'deferred') {
      count.deferred += 1
      continue
    }
    count.targets += 1
    if (!facts.isConnected(node)) count.offline += 1
    const observed = facts.observed(node)
    if (observed === 'failed' || grant.stopped === true || grant.writtenOff === true) count.ended += 1
    if (observed === 'completed') count.completed += 1
    else if (observed === 'failed' || grant.verdict?.is === 'failed') count.failed += 1
    else if (observed === 'degraded' || observed === 'lost' || observed === 'stopped') count.unhealthy += 1
    else count.running += 1
  }
  return count
}

/** A derived state is worth a commit when its type, reason or message differs from the recorded one. */
export const stateDiffers = (job: PresentJob, derived: DerivedState): boolean => {
  const { state: recorded } = job.versions
  return recorded.type !== derived.state || recorded.reason !== derived.reason || recorded.message !== derived.message
}
