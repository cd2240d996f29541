/** The scheduler's view of the log: the folds of the domain, the index over them, and the marks that folding leaves. */
import type { Commit, JobSubjectEvent, NodeEvent, NodeId, ReportEvent } from '@dunlin/contracts'
import { jobKeyText } from '@dunlin/contracts'
import {
  FOLD_VERSION,
  foldings,
  nextTimeout,
  shrinkReportsOf,
  touchedNodes,
  type FleetKinds,
  type Job,
} from '@dunlin/domain'
import { createFold, type Aggregate, type Fold, type Folded, type FoldSnapshot } from '@dunlin/eventstore'
import { parseLogSubject } from '@dunlin/nats'
import { createGrantIndex, type GrantIndex } from './grant-index.ts'
import { createDeadlines, type Deadlines } from '../timers/deadlines.ts'
import { noMarks, touchDocument, type Marks } from './marks.ts'

export type FleetFold = Fold<FleetKinds>

export interface Fleet {
  readonly fold: FleetFold
  readonly grants: GrantIndex
  readonly marks: Marks
  /** Nodes that are being drained. */
  readonly draining: ReadonlySet<NodeId>
  /** When a drain stops what is left, by node; one that has come is taken out by whoever acts on it. */
  readonly drains: Deadlines
  /** When a job runs into its queue or total timeout, by job. */
  readonly timeouts: Deadlines
  jobs(): Iterable<readonly [key: string, job: Job]>
  epoch(): number
  /** Marks everything again: after a take-over and after a log that went backwards. */
  markAll(seq: number): void
  clear(): void
}

export const SCHEDULER_FOLD = `scheduler/${FOLD_VERSION}`

/** Events after which a node may take other jobs than before. */
const changesPlacement: ReadonlySet<string> = new Set<NodeEvent['type']>([
  'NodeAdmitted',
  'NodeLabelled',
  'NodeCordoned',
  'NodeUncordoned',
  'NodeDrained',
  'NodeRemoved',
])

/** Events after which a job belongs on other nodes than before. */
const changesDemand: ReadonlySet<string> = new Set<JobSubjectEvent['type']>([
  'JobCreated',
  'JobUpdated',
  'JobStopped',
  'JobTimedOut',
  'JobDeleted',
])

/**
 * `onNewcomer`: a node has joined that was never heard under this admission. `mayFollow`: told of every commit of a node's
 * reports; whether placement may follow an announcement now.
 */
export const createFleet = (
  onMarked: () => void,
  snapshot?: FoldSnapshot,
  onNewcomer: (node: NodeId) => void = () => {},
  mayFollow: (node: NodeId, announced: boolean) => boolean = () => true,
): Fleet => {
  const marks = noMarks()
  const grants = createGrantIndex()
  const draining = new Set<NodeId>()
  const drains = createDeadlines()
  const timeouts = createDeadlines()
  /** Jobs whose recorded state is that none of their nodes is connected: any node may change that, also without a grant. */
  const waiting = new Set<string>()

  const note = (key: string, job: Job): void => {
    const { versions } = job
    timeouts.set(key, nextTimeout(job)?.at)
    if (versions.is === 'present' && versions.state.reason === 'all_nodes_offline') waiting.add(key)
    else waiting.delete(key)
  }

  const onFolded = (folded: Folded<keyof FleetKinds>, aggregate: Aggregate<FleetKinds[keyof FleetKinds]>): void => {
    if (folded.admission !== 'admitted' || folded.commit === undefined) return
    if (folded.kind === 'job')
      onJob(folded.key, folded.commit as Commit<JobSubjectEvent>, folded.seq, (aggregate as Aggregate<Job>).state)
    else if (folded.kind === 'node') {
      noteDrain(folded.key as NodeId)
      onNode(folded.key as NodeId, (folded.commit as Commit<NodeEvent>).ev)
    } else if (folded.kind === 'report') onReport(folded.key as NodeId, (folded.commit as Commit<ReportEvent>).ev)
    else if (folded.commit.ev.some(({ type }) => type === 'EpochRaised')) touchAll(folded.seq)
    onMarked()
  }

  /** From the state, so that a snapshot and a checkpoint tell it too. */
  const noteDrain = (node: NodeId): void => {
    const scheduling = fold.get('node', node)?.state.scheduling
    if (scheduling?.is !== 'draining') {
      draining.delete(node)
      drains.set(node, undefined)
      return
    }
    draining.add(node)
    drains.set(node, scheduling.deadlineAt)
  }

  /** Who is next in a drain depends on what the others have come to. */
  const lookAtDrains = (key: string, commit: Commit<JobSubjectEvent>, job: Job): void => {
    for (const { type } of commit.ev) {
      if (type === 'PlacementCompleted') for (const node of job.placement.removed) lookAtDrain(node)
      if (changesDemand.has(type)) for (const node of draining) if (grants.jobsOn(node).has(key)) lookAtDrain(node)
    }
  }
  const lookAtDrain = (node: NodeId): void => void (draining.has(node) && marks.nodes.add(node))

  /** Nodes that have told of themselves: a subject on which only others wrote makes no node. */
  function* reporting(): Generator<NodeId> {
    const table = fold.table('report')
    for (const id of table.keys()) if ((table.get(id)?.v ?? 0) > 0) yield id as NodeId
  }

  /** Nodes without a grant too: what they hold may come from a log that is no more. */
  const touchAll = (seq: number): void => {
    for (const node of grants.nodes()) touchDocument(marks, node, seq)
    for (const node of reporting()) touchDocument(marks, node, seq)
  }

  const onJob = (key: string, commit: Commit<JobSubjectEvent>, seq: number, job: Job): void => {
    for (const node of touchedNodes(commit, () => grants.nodesOf(key), job)) touchDocument(marks, node, seq)
    if (draining.size > 0) lookAtDrains(key, commit, job)
    grants.note(key, commit.ev)
    for (const { type } of commit.ev) {
      if (changesDemand.has(type)) {
        marks.placement.add(key)
        marks.causes.set(key, { seq, cmd: commit.cmd })
      }
      if (type !== 'JobStateChanged' && type !== 'CommandNoted') marks.status.add(key)
    }
    note(key, job)
    // The states that only folding knows (stopped, deleted) are recorded by their own events.
  }

  const onNode = (node: NodeId, events: readonly NodeEvent[]): void => {
    for (const { type } of events) {
      if (type === 'NodeRemoved') shrinkReportsOf(fold, node)
      if (type === 'NodeEnrolled' && fold.get('node', node)?.state.connection.is === 'never') onNewcomer(node)
      if (changesPlacement.has(type)) marks.nodes.add(node)
      if (type === 'NodeAdmitted') {
        marks.unadmitted.delete(node)
        marks.admitted.add(node)
      } else for (const job of grants.jobsOn(node)) marks.status.add(job)
    }
    for (const job of waiting) marks.status.add(job)
  }

  const onReport = (node: NodeId, events: readonly ReportEvent[]): void => {
    const announced = events.some(({ type }) => type === 'NodeAnnounced')
    const follows = mayFollow(node, announced)
    for (const event of events) {
      if (event.type === 'NodeAnnounced') {
        if (fold.get('node', node)?.state.admission === 'admitted') (follows ? marks.nodes : marks.postponed).add(node)
        else marks.unadmitted.add(node)
        for (const job of grants.jobsOn(node)) marks.status.add(job)
      } else {
        lookAtDrain(node)
        const job = jobKeyText(event.job)
        if (grants.jobsOn(node).has(job)) marks.status.add(job)
      }
    }
  }

  const fold = createFold<FleetKinds>({
    route: parseLogSubject,
    kinds: foldings,
    onFolded,
    version: SCHEDULER_FOLD,
    ...(snapshot === undefined ? {} : { snapshot }),
  })

  function* jobs(): Generator<readonly [string, Job]> {
    const table = fold.table('job')
    for (const key of table.keys()) yield [key, (table.get(key) as Aggregate<Job>).state]
  }

  // A stop that comes before this instance leads must find the nodes of grants that the snapshot brought.
  for (const [key, { rollouts }] of jobs()) for (const node of rollouts.grants.keys()) grants.add(key, node)
  for (const node of fold.table('node').keys()) noteDrain(node as NodeId)

  return {
    fold,
    grants,
    marks,
    draining,
    drains,
    timeouts,
    jobs,
    epoch: () => fold.get('log', 'log')?.state.epoch ?? 0,
    markAll: (seq) => {
      for (const [key, state] of jobs()) {
        marks.placement.add(key)
        marks.status.add(key)
        note(key, state)
        for (const node of state.rollouts.grants.keys()) {
          grants.add(key, node)
          touchDocument(marks, node, seq)
        }
      }
      for (const node of fold.table('node').keys()) {
        noteDrain(node as NodeId)
        lookAtDrain(node as NodeId)
      }
      if (seq > 0) touchAll(seq)
      for (const id of reporting()) if (fold.get('node', id)?.state.admission !== 'admitted') marks.unadmitted.add(id)
    },
    clear: () => {
      grants.clear()
      waiting.clear()
      marks.placement.clear()
      marks.causes.clear()
      marks.nodes.clear()
      marks.postponed.clear()
      marks.recount.clear()
      draining.clear()
      drains.clear()
      timeouts.clear()
      marks.unadmitted.clear()
      marks.admitted.clear()
      marks.documents.clear()
      marks.status.clear()
    },
  }
}
