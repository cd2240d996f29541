/** The report side of simulated agents: one commit of a node in flight, compare-and-set, lost acknowledgements found. */
import type { ReportEvent } from '@dunlin/contracts/agent'
import type { Log } from '@dunlin/eventstore/agent'
import { reportSubject } from '@dunlin/nats/agent'
import { sleep, type Clock, type Logger } from '@dunlin/runtime/agent'
import { encodeReport, readReport } from '../report/commits.ts'
import { announcementOf, type SimulatedNode } from './node.ts'

export interface SimulatedReportsDeps {
  readonly reports: Pick<Log, 'append' | 'last'>
  readonly clock: Clock
  readonly logger: Logger
  readonly drivers: readonly string[]
  readonly isStopped: () => boolean
  /** These transitions are in the log. */
  readonly onAcknowledged: (node: SimulatedNode, executions: readonly string[]) => void
}

const TYPES_ANNOUNCED = ['NodeAnnounced']
const TYPES_REPORTED = ['ExecutionReported']

export const createSimulatedReports = (deps: SimulatedReportsDeps) => {
  const { reports, clock, logger, drivers, isStopped, onAcknowledged } = deps

  const append = async (
    node: SimulatedNode,
    events: readonly ReportEvent[],
    types: readonly string[],
  ): Promise<void> => {
    const subject = reportSubject(node.id)
    const data = encodeReport(node.id, node.boot, node.v + 1, clock.nowMs(), events)
    for (let pauseMs = 50; !isStopped(); pauseMs = Math.min(2_000, pauseMs * 2)) {
      try {
        node.expected ??= (await reports.last(subject))?.seq ?? 0
        const result = await reports.append({ subject, data, expected: node.expected, types })
        if (result.ok) return stored(node, result.seq)
        const last = await reports.last(subject)
        const report = last && readReport(last.data)
        if (last && report?.boot === node.boot && report.v === node.v + 1) return stored(node, last.seq)
        node.expected = last?.seq ?? 0
      } catch (error) {
        logger.debug('a simulated report waits', { node: node.id, reason: String(error) })
        await sleep(clock, pauseMs)
      }
    }
  }

  const drain = async (node: SimulatedNode): Promise<void> => {
    node.sending = true
    while (node.outbox.length > 0 && node.announced && !node.silent && !isStopped()) {
      const batch = node.outbox
      node.outbox = []
      const events = batch.map((transition) => {
        node.j += 1
        return { type: 'ExecutionReported' as const, journal: node.journal, j: node.j, ...transition }
      })
      await append(node, events, TYPES_REPORTED)
      if (isStopped()) break
      onAcknowledged(
        node,
        batch.map(({ execution }) => execution),
      )
    }
    node.sending = false
  }

  return {
    announce: async (node: SimulatedNode): Promise<void> => {
      await append(node, [announcementOf(node, drivers)], TYPES_ANNOUNCED)
      node.announced = true
      if (node.outbox.length > 0) void drain(node)
    },
    /** Sends what is in the outbox, after what is being sent. */
    send: (node: SimulatedNode): void => {
      if (!node.sending) void drain(node)
    },
  }
}

const stored = (node: SimulatedNode, seq: number): void => {
  node.v += 1
  node.expected = seq
}
