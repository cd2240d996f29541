/** The engine's view of the log: the folds of the domain, and which jobs and nodes must be looked at again. */
import type { Commit, JobSubjectEvent, NodeEvent, NodeId, ReportEvent } from '@dunlin/contracts'
import {
  FOLD_VERSION,
  foldings,
  isHeld,
  labelOf,
  shrinkReportsOf,
  type FleetKinds,
  type FleetReader,
  type Job,
} from '@dunlin/domain'
import { createFold, type Aggregate, type Fold, type Folded, type FoldSnapshot } from '@dunlin/eventstore'
import { parseLogSubject } from '@dunlin/nats'
import { jobOf, noStrangers, strangerIn, type Strangers } from '../judge/strangers.ts'
import type { JudgeView } from '../judge/view.ts'
import { createPlacementIndex } from './placement-index.ts'

export type Cause = NonNullable<Commit['cause']>

export interface FleetListeners {
  /** A job's commit was folded: what validates there may have changed. */
  readonly onJob: (key: string, events: readonly JobSubjectEvent[], job: Job) => void
  /** A node reported. */
  readonly onReport: (node: NodeId) => void
  /** A node is connected, or no longer. */
  readonly onConnection: (node: NodeId) => void
  readonly onMarked: () => void
}

export interface Fleet extends JudgeView {
  readonly fold: Fold<FleetKinds>
  /** Jobs whose rollout may have something to do. */
  readonly due: Set<string>
  /** The commit that made a job due last: what is decided next says so. */
  readonly causes: Map<string, Cause>
  /** Jobs whose rollout runs, is held or has open grants: they wait for time too (expiry, grants that can no longer be activated). */
  readonly running: Set<string>
  /** Jobs of which a node fell silent, or was granted something just when it did: there may be a grant to revoke. */
  readonly silenced: Set<string>
  /** Jobs with revoked grants whose places are still taken. */
  readonly revoking: Set<string>
  readonly strangers: Strangers
  jobs(): Iterable<readonly [key: string, job: Job]>
  isConnected(node: NodeId): boolean
  /** It can be reached, or no longer, for another reason than its connection: its turn may have come, or a grant must be revoked. */
  turnOf(node: NodeId): void
  epoch(): number
  markAll(): void
  clear(): void
}

export const ENGINE_FOLD = `rollout-engine/${FOLD_VERSION}`

/** What changes whether a node can be reached: its turn may have come, or its grant must be revoked. */
const turnsOf: ReadonlySet<string> = new Set<NodeEvent['type']>(['NodeConnected', 'NodeReturned', 'NodeDisconnected'])

export const createFleet = (listeners: FleetListeners, snapshot?: FoldSnapshot): Fleet => {
  const due = new Set<string>()
  const causes = new Map<string, Cause>()
  const makeDue = (key: string, cause: Cause): void => {
    due.add(key)
    causes.set(key, cause)
  }
  const running = new Set<string>()
  const silenced = new Set<string>()
  const revoking = new Set<string>()
  const strangers = noStrangers()
  const epoch = (): number => fold.get('log', 'log')?.state.epoch ?? 0
  const placed = createPlacementIndex()

  const note = (key: string, job: Job): void => {
    const { current } = job.rollouts
    // Joiners of a completed rollout wait for time like everybody else.
    const waits = current !== undefined && (current.counts.open > 0 || isHeld(current))
    if (current?.phase === 'running' || waits) running.add(key)
    else running.delete(key)
    if (job.rollouts.revoked.size > 0) revoking.add(key)
    else revoking.delete(key)
  }

  const onFolded = (folded: Folded<keyof FleetKinds>, aggregate: Aggregate<FleetKinds[keyof FleetKinds]>): void => {
    if (folded.admission === 'forged') strangers.forged += 1
    if (folded.admission !== 'admitted' || folded.commit === undefined) return
    if (folded.kind === 'job') {
      const { ev } = folded.commit as Commit<JobSubjectEvent>
      placed.note(folded.key, ev)
      if (ev.some(({ type }) => type !== 'JobStateChanged' && type !== 'CommandNoted'))
        makeDue(folded.key, { seq: folded.seq, cmd: folded.commit.cmd })
      if (ev.some(({ type }) => type === 'NodesGranted')) silenced.add(folded.key)
      const job = (aggregate as Aggregate<Job>).state
      note(folded.key, job)
      listeners.onJob(folded.key, ev, job)
    } else if (folded.kind === 'node') {
      const { ev } = folded.commit as Commit<NodeEvent>
      if (ev.some(({ type }) => type === 'NodeRemoved')) shrinkReportsOf(fold, folded.key)
      if (!ev.some(({ type }) => turnsOf.has(type))) return
      listeners.onConnection(folded.key as NodeId)
      for (const job of placed.jobsOf(folded.key as NodeId)) {
        silenced.add(job)
        makeDue(job, { seq: folded.seq, cmd: folded.commit.cmd })
      }
    } else if (folded.kind === 'report') {
      countStrangers(folded.key as NodeId, folded.commit as Commit<ReportEvent>, folded.seq)
      listeners.onReport(folded.key as NodeId)
    }
    listeners.onMarked()
  }

  const countStrangers = (node: NodeId, { ev }: Commit<ReportEvent>, seq: number): void => {
    for (const event of ev) {
      if (event.type !== 'ExecutionReported') continue
      const grant = fold.get('job', jobOf(event))?.state.rollouts.grants.get(node)
      const kind = strangerIn(event, grant, [epoch(), seq])
      if (kind !== undefined) strangers[kind] += 1
    }
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
    silenced,
    revoking,
    jobs,
    isConnected: (node) => reader.node(node)?.connection.is === 'connected',
    labelOf: (node, label) => labelOf(reader.node(node), reader.reports(node), label),
    turnOf: (node) => {
      for (const job of placed.jobsOf(node)) {
        silenced.add(job)
        due.add(job)
      }
    },
    epoch,
    strangers,
    job: (key) => fold.get('job', key)?.state,
    nodes: () => fold.table('node').keys() as Iterable<NodeId>,
    markAll: () => {
      for (const [key, job] of jobs()) {
        due.add(key)
        silenced.add(key)
        note(key, job)
        for (const node of job.placement.nodes) placed.add(key, node)
      }
    },
    clear: () => {
      due.clear()
      causes.clear()
      running.clear()
      silenced.clear()
      revoking.clear()
      placed.clear()
    },
  }
}
