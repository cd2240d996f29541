/**
 * People's commands to the rollout of a job: pause, resume, promote, halt, roll back, run again. In a wrong phase they are
 * refused with the phase and with what is possible in it.
 */
import type { CommandOutcome, JobSubjectEvent, JobVerb, NodeId, Sha256 } from '@dunlin/contracts'
import { decided, refused } from '../decision.ts'
import { unchanged, type CommandHead, type JobDecision } from '../job/command-head.ts'
import { isLive, outcomeOf, type Job, type PresentJob, type VersionRecord } from '../job/state.ts'
import { haltEvidence } from './health/halting.ts'
import { wantsAnother } from './open.ts'
import { countsOf, fallbackFrom, holdsOf, toWriteOff, type Rollout } from './state.ts'

export interface SteerRollout extends CommandHead {
  readonly verb: 'pause' | 'resume' | 'promote' | 'halt' | 'rerun'
  readonly reason?: string
}
/** The writer has resolved the target (`rollbackTarget`) and made the spec of it, from the state that decides. */
export interface RollBackJob extends CommandHead {
  readonly verb: 'rollback'
  readonly reason?: string
  readonly toVersion: number
  readonly spec: Readonly<Record<string, unknown>>
  readonly specHash: Sha256
  readonly content: Sha256
}
export type RolloutCommand = SteerRollout | RollBackJob

export const decideRollout = (job: Job, command: RolloutCommand): JobDecision => {
  if (!isLive(job)) return refused('job_not_found')
  if (command.verb === 'rerun') return rerun(job, command)
  if (job.versions.lifecycle !== 'active') return wrongPhase(job, command.verb)
  if (command.verb === 'rollback') return rollBack(job, command)
  const rollout = job.rollouts.current
  // A newer version is about to take its place: what is said now was meant for that one.
  if (rollout === undefined || wantsAnother(job)) return wrongPhase(job, command.verb)
  switch (command.verb) {
    case 'pause':
      return pause(job, rollout, command)
    case 'resume':
      return resume(job, rollout, command)
    case 'promote':
      return promote(job, rollout, command)
    case 'halt':
      return halt(job, rollout, command)
    default:
      return command.verb satisfies never
  }
}

const pause = (job: PresentJob, rollout: Rollout, command: SteerRollout): JobDecision => {
  if (!isUnderWay(rollout)) return wrongPhase(job, 'pause')
  if (rollout.holds.user !== undefined) return unchanged(job, command)
  const message = command.reason ?? 'Paused'
  return steered(job, [{ type: 'HoldPlaced', rollout: rollout.id, hold: 'user', reason: 'requested', message }])
}

/** Lifts a person's own hold; else revives a halted rollout, or one without places: nodes failed by then are written off. */
const resume = (job: PresentJob, rollout: Rollout, command: SteerRollout): JobDecision => {
  const lacksPlaces = isUnderWay(rollout) && rollout.holds.budget !== undefined && rollout.holds.user === undefined
  if (rollout.phase === 'halted' || lacksPlaces) {
    const nodes = toWriteOff(job.rollouts, rollout)
    const resumed: JobSubjectEvent = {
      type: 'RolloutResumed',
      rollout: rollout.id,
      writtenOff: nodes.length,
      ...(mustName(nodes, rollout) ? { nodes: [...nodes] } : {}),
      ...reasonOf(command),
    }
    // Who wants it to go on does not want it paused.
    return steered(job, rollout.holds.user === undefined ? [resumed] : [resumed, liftUser(rollout, command)])
  }
  if (!isUnderWay(rollout) || rollout.holds.user === undefined) return wrongPhase(job, 'resume')
  return steered(job, [liftUser(rollout, command)])
}

/** Names up to this many bytes fit into a message of the log beside everything else. */
const NAMED_BYTES = 500_000

/**
 * More names than fit are left out where they follow from the rollout: a resume without names is about everybody who has
 * failed in it. With others among them (who failed in a rollout before) they must be named, and may be too many for a commit.
 */
const mustName = (nodes: readonly NodeId[], { slots }: Rollout): boolean => {
  let bytes = 0
  for (const node of nodes) bytes += node.length + 3
  if (bytes <= NAMED_BYTES) return true
  return nodes.some((node) => slots.get(node) !== 'failed' && slots.get(node) !== 'lost')
}

const liftUser = ({ id }: Rollout, command: SteerRollout): JobSubjectEvent => ({
  type: 'HoldLifted',
  rollout: id,
  hold: 'user',
  ...reasonOf(command),
})

const promote = (job: PresentJob, rollout: Rollout, command: SteerRollout): JobDecision => {
  if (!isUnderWay(rollout) || rollout.holds.canary === undefined) return wrongPhase(job, 'promote')
  return steered(job, [{ type: 'HoldLifted', rollout: rollout.id, hold: 'canary', ...reasonOf(command) }])
}

/** A person's halt is final like any other, and rolls nothing back by itself: the person can. */
const halt = (job: PresentJob, rollout: Rollout, command: SteerRollout): JobDecision => {
  if (!isUnderWay(rollout)) return wrongPhase(job, 'halt')
  const halted: JobSubjectEvent = {
    type: 'RolloutHalted',
    rollout: rollout.id,
    reason: 'requested',
    message: command.reason ?? 'Halted',
    counts: countsOf(rollout),
    evidence: haltEvidence(rollout, job.rollouts.atRisk.size),
  }
  return steered(job, [halted])
}

const rerun = (job: PresentJob, command: SteerRollout): JobDecision => {
  const { version, spec, specHash, content } = job.versions
  return changed(job, [
    { type: 'JobUpdated', version: version + 1, spec, specHash, content, rerun: true, ...reasonOf(command) },
  ])
}

const rollBack = (job: PresentJob, command: RollBackJob): JobDecision => {
  const { version, specHash } = job.versions
  if (command.specHash === specHash)
    return refused('no_rollback_target', `Version ${command.toVersion} is what the job has already`)
  return changed(job, [
    {
      type: 'JobUpdated',
      version: version + 1,
      spec: command.spec,
      specHash: command.specHash,
      content: command.content,
      rolledBackFrom: version,
      rolledBackTo: command.toVersion,
      ...reasonOf(command),
    },
  ])
}

export type RollbackTarget =
  | {
      readonly is: 'found'
      readonly version: number
      /** Where the version's whole spec stands in the log; the log may have been compacted since. */
      readonly seq: number | undefined
      /** The whole spec, when the state still has it. */
      readonly spec: Readonly<Record<string, unknown>> | undefined
    }
  | { readonly is: 'none' }
  /** The present version was made by a rollback already: going back further has to be said. */
  | { readonly is: 'rolled_back'; readonly to: number }
  | { readonly is: 'unknown'; readonly oldest: number | undefined }

/** What a rollback goes to: the version named, else the latest proven version with other content than the present one. */
export const rollbackTarget = (job: PresentJob, version?: number): RollbackTarget => {
  const { history, content } = job.versions
  const proven = job.rollouts.proven.find((one) => one.version === version)
  if (version !== undefined) {
    const known = history.find((one) => one.version === version)
    return known === undefined
      ? { is: 'unknown', oldest: history[0]?.version }
      : { is: 'found', version, seq: known.seq, spec: proven?.spec }
  }
  const last = history.at(-1)
  const failed = job.rollouts.current?.phase === 'halted'
  if (last?.version === job.versions.version && last.rolledBackTo !== undefined && !failed)
    return { is: 'rolled_back', to: last.rolledBackTo }
  const fallback = fallbackFrom(job.rollouts, content)
  if (fallback === undefined) return { is: 'none' }
  const seq = history.find((one: VersionRecord) => one.version === fallback.version)?.seq
  return { is: 'found', version: fallback.version, seq, spec: fallback.spec }
}

const isUnderWay = ({ phase }: Rollout): boolean => phase === 'planning' || phase === 'running'

/** The verbs that would not be refused now. */
export const possibleVerbs = (job: PresentJob): readonly JobVerb[] => {
  if (job.versions.lifecycle !== 'active') return ['apply', 'rerun', 'delete']
  const rollout = job.rollouts.current
  const verbs: JobVerb[] = []
  if (rollout !== undefined && isUnderWay(rollout) && !wantsAnother(job)) {
    if (rollout.holds.user === undefined) verbs.push('pause')
    if (rollout.holds.user !== undefined || rollout.holds.budget !== undefined) verbs.push('resume')
    if (rollout.holds.canary !== undefined) verbs.push('promote')
    verbs.push('halt')
  }
  if (rollout?.phase === 'halted' && !wantsAnother(job)) verbs.push('resume')
  if (rollbackTarget(job).is === 'found') verbs.push('rollback')
  return [...verbs, 'rerun', 'apply', 'stop']
}

const wrongPhase = (job: PresentJob, verb: JobVerb): JobDecision => {
  const rollout = job.rollouts.current
  const { lifecycle } = job.versions
  const phase = lifecycle !== 'active' ? lifecycle : wantsAnother(job) ? 'not_opened' : (rollout?.phase ?? 'not_opened')
  const holds = rollout === undefined ? [] : holdsOf(rollout)
  const possible = possibleVerbs(job)
  const held = holds.length === 0 ? '' : `, held by ${holds.join(' and ')}`
  return refused('wrong_phase', `The rollout is ${phase.replace('_', ' ')}${held}: ${verb} is not possible`, {
    hint: `Possible now: ${possible.join(', ')}.`,
    data: { phase, holds, possible },
  })
}

const reasonOf = (command: { readonly reason?: string }) =>
  command.reason === undefined ? {} : { reason: command.reason }

/** Neither version nor revision moves: what was steered is the rollout. */
const steered = (job: PresentJob, events: readonly JobSubjectEvent[]): JobDecision =>
  decided(events, outcomeOf(job, false))

const changed = (job: PresentJob, events: readonly JobSubjectEvent[]): JobDecision =>
  decided<JobSubjectEvent, CommandOutcome>(events, {
    version: job.versions.version + 1,
    revision: job.versions.revision + 1,
    jobId: job.versions.id,
    unchanged: false,
  })
