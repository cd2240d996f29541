/**
 * What a node says of itself; a fold of `evt.report.<id>`. An execution as people see it is the join of its grant (job
 * subject) and the node's latest transition of it (here), made on read by `observe`.
 */
import { executionReportedSchema, nodeAnnouncedSchema } from '@dunlin/contracts'
import type { BootId, Commit, ExecutionId, JournalId, NodeAnnounced, ReportEvent, Transition } from '@dunlin/contracts'
import {
  ENDED_KEPT,
  keptAnnouncement,
  keptTransition,
  MOST_EXECUTIONS,
  MOST_JOURNALS,
  MOST_OWN_LABELS,
  noSurplus,
  type Announced,
  type Surplus,
} from './limits.ts'

export interface NodeReports {
  announced?: Announced
  boot?: BootId
  /** Last counter of each journal that was folded; only the present journal matters, an older one may still drain. */
  readonly journals: Map<JournalId, number>
  /** Latest transition of each execution that the node still knows. */
  readonly executions: Map<ExecutionId, Transition>
  /** How many of them have ended. */
  ended: number
  /** What the node wrote beyond what is kept of it. */
  surplus?: Surplus
  /** Sequence of the last report folded: compared with `rep` of heartbeats. */
  seq: number
}

export const noReports = (): NodeReports => ({ journals: new Map(), executions: new Map(), ended: 0, seq: 0 })

const over: ReadonlySet<Transition['state']> = new Set(['stopped', 'completed', 'failed'])
export const countEnded = (executions: ReadonlyMap<ExecutionId, Transition>): number => {
  let count = 0
  for (const { state } of executions.values()) if (over.has(state)) count += 1
  return count
}

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

const noteSurplus = (reports: NodeReports, what: keyof Surplus, count: number): void => {
  const before = reports.surplus ?? noSurplus
  reports.surplus = { ...before, [what]: before[what] + count }
}

const announce = (reports: NodeReports, event: NodeAnnounced, at: number): void => {
  const { executions } = event
  reports.announced = keptAnnouncement(event, at)
  reports.boot = event.boot
  const last = reports.journals.get(event.journal) ?? 0
  reports.journals.clear()
  reports.journals.set(event.journal, Math.max(last, event.j))
  // The announcement tells everything the node still knows: it is the subject's checkpoint.
  reports.executions.clear()
  reports.ended = 0
  for (const known of executions.slice(0, MOST_EXECUTIONS)) keep(reports, known)
  if (executions.length > MOST_EXECUTIONS) noteSurplus(reports, 'executions', executions.length - MOST_EXECUTIONS)
  const labels = Math.max(0, Object.keys(event.labels).length - MOST_OWN_LABELS)
  if (labels !== (reports.surplus?.labels ?? 0)) noteSurplus(reports, 'labels', labels - (reports.surplus?.labels ?? 0))
}

/** Accepts any forward jump; a counter that is not above the last of its journal is a repeat and changes nothing. */
const transition = (reports: NodeReports, journal: JournalId, j: number, event: Transition): void => {
  const { journals, executions } = reports
  const last = journals.get(journal)
  if (j <= (last ?? 0)) return
  if (last === undefined && journals.size >= MOST_JOURNALS) return noteSurplus(reports, 'journals', 1)
  journals.set(journal, j)
  if (executions.size >= MOST_EXECUTIONS && !executions.has(event.execution)) {
    // Not one by one: finding the oldest among very many that run takes long.
    if (reports.ended > ENDED_KEPT) forgetEnded(reports, ENDED_KEPT / 2)
    if (executions.size >= MOST_EXECUTIONS) return noteSurplus(reports, 'executions', 1)
  }
  keep(reports, event)
  if (reports.ended > ENDED_KEPT * 2) forgetEnded(reports, ENDED_KEPT)
}

const keep = (reports: NodeReports, said: Transition): void => {
  const { executions } = reports
  const before = executions.get(said.execution)
  if (before !== undefined) {
    // Re-insertion keeps the map in order of the latest transition, so that the oldest ended ones go first.
    executions.delete(said.execution)
    if (over.has(before.state)) reports.ended -= 1
  }
  executions.set(said.execution, keptTransition(said, executions.size >= ENDED_KEPT * 2))
  if (over.has(said.state)) reports.ended += 1
}

const forgetEnded = (reports: NodeReports, left: number): void => {
  for (const [id, known] of reports.executions) {
    if (reports.ended <= left) return
    if (!over.has(known.state)) continue
    reports.executions.delete(id)
    reports.ended -= 1
  }
}

/**
 * Its node was removed: of what it said there stays what people may still ask about, which is not more than an honest
 * node has at hand. Changes `reports` in place.
 */
export const shrinkReports = (reports: NodeReports): void => {
  const { executions } = reports
  for (const id of executions.keys()) {
    if (executions.size <= ENDED_KEPT * 2) break
    executions.delete(id)
  }
  reports.ended = countEnded(executions)
  delete reports.surplus
}

/** In the fold of a process that has just folded the removal. */
export const shrinkReportsOf = (
  fold: { get(kind: 'report', key: string): { readonly state: NodeReports } | undefined },
  node: string,
): void => {
  const reports = fold.get('report', node)?.state
  if (reports !== undefined) shrinkReports(reports)
}
