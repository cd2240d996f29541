/**
 * The report side of simulated agents: one commit of a node in flight, compare-and-set, lost acknowledgements found, a log
 * that went backwards announced to again. A boot that is over sends nothing more.
 */
import type { Log } from '@dunlin/eventstore/agent'
import { reportSubject } from '@dunlin/nats/agent'
import { sleep, type Clock, type Logger } from '@dunlin/runtime/agent'
import { encodeReport, readReport } from '../report/commits.ts'
import { announcementOf, type PendingReport, type SimulatedNode } from './node.ts'

export interface SimulatedReportsDeps {
  readonly reports: Pick<Log, 'append' | 'last'>
  readonly clock: Clock
  readonly logger: Logger
  readonly drivers: readonly string[]
  readonly isStopped: () => boolean
  /** These executions' latest transitions are in the log. */
  readonly onAcknowledged: (node: SimulatedNode, executions: readonly string[]) => void
}

const ANNOUNCED = ['NodeAnnounced']
const REPORTED = ['ExecutionReported']
const RETRY_FIRST_MS = 50
const RETRY_MOST_MS = 2_000

export const createSimulatedReports = (deps: SimulatedReportsDeps) => {
  const { reports, clock, logger, drivers, isStopped, onAcknowledged } = deps

  const nextCommit = (node: SimulatedNode): PendingReport | undefined => {
    const { id, boot, journal, v, outbox } = node
    if (node.announced && outbox.length === 0) return undefined
    const events = node.announced
      ? outbox.map(({ j, transition }) => ({ type: 'ExecutionReported' as const, journal, j, ...transition }))
      : [announcementOf(node, drivers)]
    // An announcement tells the latest transition of everything: nothing before it is left to tell.
    const tells = node.announced ? outbox.map(({ transition }) => transition.execution) : [...node.executions.keys()]
    node.outbox = []
    const data = encodeReport(id, boot, v + 1, clock.nowMs(), events)
    return { data, types: node.announced ? REPORTED : ANNOUNCED, announces: !node.announced, tells }
  }

  const accepted = (node: SimulatedNode, { announces, tells }: PendingReport, seq: number): void => {
    node.pending = undefined
    node.v += 1
    node.expected = seq
    if (announces) node.announced = true
    onAcknowledged(node, tells)
  }

  const onConflict = async (node: SimulatedNode, commit: PendingReport, isMine: () => boolean): Promise<void> => {
    const last = await reports.last(reportSubject(node.id))
    if (!isMine()) return
    const report = last && readReport(node.id, last.data)
    if (last && report?.boot === node.boot && report.v === node.v + 1) return accepted(node, commit, last.seq)
    const wentBack = node.announced && (last?.seq ?? 0) < (node.expected ?? 0)
    node.expected = last?.seq ?? 0
    if (!wentBack) return
    // The log has lost what it had acknowledged: everything is told again, and counted on from what it still knows.
    node.pending = undefined
    node.announced = false
    node.v = report?.boot === node.boot ? report.v : 0
  }

  const work = async (node: SimulatedNode, isMine: () => boolean): Promise<void> => {
    let pauseMs = RETRY_FIRST_MS
    while (isMine() && !node.silent) {
      node.pending ??= nextCommit(node)
      const commit = node.pending
      if (!commit) return
      try {
        const { data, types } = commit
        const subject = reportSubject(node.id)
        node.expected ??= (await reports.last(subject))?.seq ?? 0
        if (!isMine() || node.silent) return
        const result = await reports.append({ subject, data, expected: node.expected, types })
        if (!isMine()) return
        pauseMs = RETRY_FIRST_MS
        if (result.ok) accepted(node, commit, result.seq)
        else await onConflict(node, commit, isMine)
      } catch (error) {
        logger.debug('a simulated report waits', { node: node.id, reason: String(error) })
        await sleep(clock, pauseMs)
        pauseMs = Math.min(RETRY_MOST_MS, pauseMs * 2)
      }
    }
  }

  return {
    /** Announces the node if it has not, and sends what is in the outbox; resolves when nothing more can be sent. */
    send: async (node: SimulatedNode): Promise<void> => {
      if (node.sending) return
      const { boot } = node
      const isMine = (): boolean => !isStopped() && node.boot === boot
      node.sending = true
      try {
        await work(node, isMine)
      } finally {
        if (node.boot === boot) node.sending = false
      }
    },
  }
}
