/**
 * What a node says of itself; a fold of `evt.report.<id>`. An execution as people see it is the join of its grant (job
 * subject) and the node's latest transition of it (here), made on read by `observe`.
 */
import { executionReportedSchema, nodeAnnouncedSchema } from '@dunlin/contracts'
import type { BootId, Commit, ExecutionId, JournalId, NodeAnnounced, ReportEvent, Transition } from '@dunlin/contracts'

export interface NodeReports {
  announced?: Omit<NodeAnnounced, 'type' | 'executions'> & { readonly at: number }
  boot?: BootId
  /** Last counter of each journal that was folded; only the present journal matters, an older one may still drain. */
  readonly journals: Map<JournalId, number>
  /** Latest transition of each execution that the node still knows. */
  readonly executions: Map<ExecutionId, Transition>
  /** Sequence of the last report folded: compared with `rep` of heartbeats. */
  seq: number
}

/** How many executions that ended are kept between two announcements. */
export const ENDED_KEPT = 64

export const noReports = (): NodeReports => ({ journals: new Map(), executions: new Map(), seq: 0 })

const ended = new Set<Transition['state']>(['stopped', 'completed', 'failed'])

/** Changes `reports` in place and returns it. */
export const foldReportCommit = (reports: NodeReports, commit: Commit<ReportEvent>, seq: number): NodeReports => {
  // Anybody on a node may write here, so this is a door: a misshapen report is ignored whole, by throwing before anything
  // has changed.
  for (const event of commit.ev) check(event)
  reports.seq = seq
  for (const event of commit.ev) {
    if (event.type === 'NodeAnnounced') announce(reports, event, commit.at)
    else transition(reports, event.journal, event.j, event)
  }
  return reports
}

const check = (event: ReportEvent): void => {
  const schema = event.type === 'NodeAnnounced' ? nodeAnnouncedSchema : executionReportedSchema
  const read = schema.safeParse(event)
  if (!read.success) throw new TypeError(`not a ${event.type}: ${read.error.issues[0]?.path.join('.') ?? ''}`)
}

const announce = (reports: NodeReports, event: NodeAnnounced, at: number): void => {
  const { type: _, executions, ...announced } = event
  reports.announced = { ...announced, at }
  reports.boot = event.boot
  const last = reports.journals.get(event.journal) ?? 0
  reports.journals.clear()
  reports.journals.set(event.journal, Math.max(last, event.j))
  // The announcement tells everything the node still knows: it is the subject's checkpoint.
  reports.executions.clear()
  for (const known of executions) reports.executions.set(known.execution, known)
}

/** Accepts any forward jump; a counter that is not above the last of its journal is a repeat and changes nothing. */
const transition = (
  reports: NodeReports,
  journal: JournalId,
  j: number,
  event: Transition & { type?: string },
): void => {
  const last = reports.journals.get(journal) ?? 0
  if (j <= last) return
  reports.journals.set(journal, j)
  const { execution, job, generation, content, state, attempt, at, exit, error, nextAttemptAt, replaces } = event
  // Written out: spreading what may be absent costs more than all the rest, and every report passes here.
  const known: Transition = { execution, job, generation, content, state, attempt, at }
  if (exit !== undefined) known.exit = exit
  if (error !== undefined) known.error = error
  if (nextAttemptAt !== undefined) known.nextAttemptAt = nextAttemptAt
  if (replaces !== undefined) known.replaces = replaces
  // Re-insertion keeps the map in order of the latest transition, so that the oldest ended ones go first.
  reports.executions.delete(execution)
  reports.executions.set(execution, known)
  if (reports.executions.size > ENDED_KEPT * 2) forgetEnded(reports)
}

const forgetEnded = (reports: NodeReports): void => {
  let surplus = -ENDED_KEPT
  for (const known of reports.executions.values()) if (ended.has(known.state)) surplus += 1
  for (const [id, known] of reports.executions) {
    if (surplus <= 0) return
    if (!ended.has(known.state)) continue
    reports.executions.delete(id)
    surplus -= 1
  }
}
