/** The engine's view of the log: the folds of the domain, and which jobs and nodes must be looked at again. */
import type { Commit, JobSubjectEvent, NodeEvent, NodeId } from '@dunlin/contracts'
import { FOLD_VERSION, foldings, type FleetKinds, type FleetReader, type Job } from '@dunlin/domain'
import { createFold, type Aggregate, type Fold, type Folded, type FoldSnapshot } from '@dunlin/eventstore'
import { parseLogSubject } from '@dunlin/nats'
import { createPlacementIndex } from './placement-index.ts'

export type Cause = NonNullable<Commit['cause']>

export interface FleetListeners {
  /** A job's commit was folded: what validates there may have changed. */
  readonly onJob: (key: string, events: readonly JobSubjectEvent[], job: Job) => void
  /** A node reported. */
  readonly onReport: (node: NodeId) => void
  readonly onMarked: () => void
}

export interface Fleet extends FleetReader {
  readonly fold: Fold<FleetKinds>
  /** Jobs whose rollout may have something to do. */
  readonly due: Set<string>
  /** The commit that made a job due last: what is decided next says so. */
  readonly causes: Map<string, Cause>
  /** Jobs whose rollout runs: they wait for time too (expiry, grants that can no longer be activated). */
  readonly running: Set<string>
  jobs(): Iterable<readonly [key: string, job: Job]>
  isConnected(node: NodeId): boolean
  /** The agent's own label, or the centre's over it. */
  labelOf(node: NodeId, label: string): string | undefined
  epoch(): number
  markAll(): void
  clear(): void
}

export const ENGINE_FOLD = `rollout-engine/${FOLD_VERSION}`

export const createFleet = (listeners: FleetListeners, snapshot?: FoldSnapshot): Fleet => {
  const due = new Set<string>()
  const causes = new Map<string, Cause>()
  const makeDue = (key: string, cause: Cause): void => {
    due.add(key)
    causes.set(key, cause)
  }
  const running = new Set<string>()
  const placed = createPlacementIndex()

  const note = (key: string, job: Job): void => {
    if (job.rollouts.current?.phase === 'running') running.add(key)
    else running.delete(key)
  }

  const onFolded = (folded: Folded<keyof FleetKinds>, aggregate: Aggregate<FleetKinds[keyof FleetKinds]>): void => {
    if (folded.admission !== 'admitted' || folded.commit === undefined) return
    if (folded.kind === 'job') {
      const { ev } = folded.commit as Commit<JobSubjectEvent>
      placed.note(folded.key, ev)
      if (ev.some(({ type }) => type !== 'JobStateChanged' && type !== 'CommandNoted'))
        makeDue(folded.key, { seq: folded.seq, cmd: folded.commit.cmd })
      const job = (aggregate as Aggregate<Job>).state
      note(folded.key, job)
      listeners.onJob(folded.key, ev, job)
    } else if (folded.kind === 'node') {
      const { ev } = folded.commit as Commit<NodeEvent>
      if (!ev.some(({ type }) => type === 'NodeConnected' || type === 'NodeReturned')) return
      for (const job of placed.jobsOf(folded.key as NodeId)) makeDue(job, { seq: folded.seq, cmd: folded.commit.cmd })
    } else if (folded.kind === 'report') listeners.onReport(folded.key as NodeId)
    listeners.onMarked()
  }

  const fold = createFold<FleetKinds>({
    route: parseLogSubject,
    kinds: foldings,
    onFolded,
    version: ENGINE_FOLD,
    ...(snapshot === undefined ? {} : { snapshot }),
  })
  const reader: FleetReader = {
    node: (id) => fold.get('node', id)?.state,
    reports: (id) => fold.get('report', id)?.state,
  }
  function* jobs(): Generator<readonly [string, Job]> {
    const table = fold.table('job')
    for (const key of table.keys()) yield [key, (table.get(key) as Aggregate<Job>).state]
  }
  return {
    ...reader,
    fold,
    due,
    causes,
    running,
    jobs,
    isConnected: (node) => reader.node(node)?.connection.is === 'connected',
    labelOf: (node, label) => reader.node(node)?.labels[label] ?? reader.reports(node)?.announced?.labels[label],
    epoch: () => fold.get('log', 'log')?.state.epoch ?? 0,
    markAll: () => {
      for (const [key, job] of jobs()) {
        due.add(key)
        note(key, job)
        for (const node of job.placement.nodes) placed.add(key, node)
      }
    },
    clear: () => {
      due.clear()
      causes.clear()
      running.clear()
      placed.clear()
    },
  }
}
