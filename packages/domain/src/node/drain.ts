/**
 * In which order a node that is being drained gives up its jobs. Pure and level-triggered: from the jobs of the node and the
 * instant to who may stay for now, so that a scheduler that starts in the middle goes on where the last one was.
 */
import { jobKeyText, schedulingClass, type NodeId, type SchedulingClass } from '@dunlin/contracts'
import type { NodeReports } from '../execution/state.ts'
import { isPresent, type Job } from '../job/state.ts'
import { specOfStored } from '../job/stored-spec.ts'
import type { Scheduling } from './state.ts'

/** A job as the drain of one node sees it. */
export interface DrainedJob {
  /** `jobKeyText` */
  readonly key: string
  readonly priority: number
  readonly class: SchedulingClass
  readonly isPlaced: boolean
  /** Something of it runs there as far as the node has said, or was granted and may start any moment. */
  readonly runs: boolean
  /** What it was granted is what the job wants now: nothing else would be started for it. */
  readonly isCurrent: boolean
  /** Its grant has ended by itself: it takes nothing from the node, and must not run again when the drain is over. */
  readonly hasEnded: boolean
}

/** `stopping`: its turn has come; `waiting`: for those before it; `finishing`: a batch job until the deadline. */
export type DrainTurn = 'stopping' | 'waiting' | 'finishing'
export interface DrainStep extends DrainedJob {
  readonly turn: DrainTurn
}
export interface DrainPlan {
  /** Keys of the placed jobs that keep their place for now. */
  readonly stays: ReadonlySet<string>
  /** What still runs, in the order in which it is stopped. */
  readonly steps: readonly DrainStep[]
  readonly deadlineAt: number | undefined
  /** Nothing runs there any more. */
  readonly isDone: boolean
}

type Draining = Extract<Scheduling, { is: 'draining' }>

export const planDrain = ({ deadlineAt }: Draining, jobs: readonly DrainedJob[], nowMs: number): DrainPlan => {
  const isOver = deadlineAt === undefined || nowMs >= deadlineAt
  const running = jobs.filter(({ runs }) => runs)
  const lowest = Math.min(...running.map(({ priority }) => priority))
  const turnOf = (job: DrainedJob): DrainTurn => {
    if (isOver || !job.isPlaced) return 'stopping'
    if (job.class === 'batch' && job.isCurrent) return 'finishing'
    return job.priority === lowest ? 'stopping' : 'waiting'
  }
  const steps = running
    .map((job): DrainStep => ({ ...job, turn: turnOf(job) }))
    .sort((a, b) => a.priority - b.priority || (a.key < b.key ? -1 : 1))
  const stays = new Set(steps.filter(({ turn }) => turn !== 'stopping').map(({ key }) => key))
  for (const { key, isPlaced, runs, hasEnded, isCurrent } of jobs)
    if (isPlaced && !runs && hasEnded && isCurrent) stays.add(key)
  return { stays, steps, deadlineAt, isDone: steps.length === 0 }
}

const OVER: ReadonlySet<string> = new Set(['completed', 'failed', 'stopped'])

export interface DrainFacts {
  readonly node: NodeId
  readonly scheduling: Draining
  readonly reports: NodeReports | undefined
  /** Jobs that may have a grant there; those of which the node says that they run are found in its reports. */
  readonly granted: Iterable<string>
  readonly jobOf: (key: string) => Job | undefined
  readonly nowMs: number
}

export const drainOf = ({ node, scheduling, reports, granted, jobOf, nowMs }: DrainFacts): DrainPlan => {
  const running = new Set<string>()
  for (const { job, state } of reports?.executions.values() ?? []) if (!OVER.has(state)) running.add(jobKeyText(job))
  const jobs = [...new Set([...granted, ...running])].flatMap((key): DrainedJob[] => {
    const job = jobOf(key)
    return job === undefined || !isPresent(job) ? [] : [drainedJob(key, job, node, reports, running.has(key))]
  })
  return planDrain(scheduling, jobs, nowMs)
}

const drainedJob = (
  key: string,
  { versions, placement, rollouts }: Job & { versions: Extract<Job['versions'], { is: 'present' }> },
  node: NodeId,
  reports: NodeReports | undefined,
  isRunning: boolean,
): DrainedJob => {
  const spec = specOfStored(versions.spec)
  const grant = rollouts.grants.get(node)
  const said = grant === undefined ? undefined : reports?.executions.get(grant.execution)?.state
  const isKeptStopped = grant?.stopped === true || grant?.writtenOff === true
  const ofClass = schedulingClass(spec)
  return {
    key,
    priority: spec.priority ?? 50,
    class: ofClass,
    isPlaced: placement.nodes.has(node),
    runs: isRunning || (grant !== undefined && !isKeptStopped && !OVER.has(said ?? '')),
    isCurrent:
      grant !== undefined && grant.content === versions.content && (versions.rerunVersion ?? 0) <= grant.version,
    // A daemon that has failed may try again on a node that is open again.
    hasEnded: said === 'completed' || (said === 'failed' && ofClass === 'batch'),
  }
}
