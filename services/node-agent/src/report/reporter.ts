/**
 * Publishes what the journal holds, by compare-and-set, until the log has acknowledged it. One worker, one commit in
 * flight: the order of a node's reports is the order in which things happened.
 *
 * The expected sequence comes from the stream, never from the journal. A conflict is read, not guessed: our own commit
 * there means that an acknowledgement was lost; an unknown boot means that a later agent has taken over; a lower sequence
 * means that the log went backwards, and everything is announced again; what this node did not sign is passed over, as the
 * centre does, for it proves nothing about another agent.
 */
import { bootIdSchema, DunlinError, type BootId, type NodeAnnounced, type NodeId } from '@dunlin/contracts/agent'
import { reportSubject } from '@dunlin/nats/agent'
import { sleep } from '@dunlin/runtime/agent'
import type { AgentPorts } from '../ports.ts'
import { createPauses } from '../retry.ts'
import type { Timings } from '../timings.ts'
import { standingFor } from './announcement.ts'
import { encodeReport, readReport, type LastReport } from './commits.ts'

export interface Reporter {
  /** Log sequence of the last acknowledged report; 0 before the first. */
  lastSeq(): number
  /** Resolves when this boot's announcement stands in the log. */
  readonly announced: Promise<void>
  kick(): void
  /**
   * The log may have lost what it acknowledged: everything is told once more. A node that has nothing new to say would never
   * find that out by a conflict.
   */
  announceAgain(): void
  /**
   * The connection was away, and is back: what waits is told at once. Another agent may have taken this identity meanwhile; a
   * node that has nothing new to say looks at who wrote last, instead of running on beside it.
   */
  lookAgain(): void
  /** This boot stands in the log. */
  isAnnounced(): boolean
  /** Resolves when nothing is in flight; with `drainMs`, first tries that long to publish what is unsent. */
  stop(drainMs: number): Promise<void>
}

export interface ReporterHooks {
  readonly announcement: () => Omit<NodeAnnounced, 'type' | 'boot' | 'journal' | 'j'>
  /** Throws `second_agent` when an agent with this identity answers; asked before the first announcement. */
  readonly ensureAlone: () => Promise<void>
  /** Everything up to this counter is in the log. */
  readonly onAcknowledged: (j: number) => void
  /** Another agent has this identity; nothing more is published. */
  readonly onSuperseded: (error: DunlinError) => void
}

const ANNOUNCE_AGAIN_AFTER = 1_000
const MOST_TRANSITIONS = 200
/** More than a journal holds before it compacts. */
const MOST_COUNTED = 100_000

/** A commit whose outcome is not known yet. */
interface PendingCommit {
  readonly data: Uint8Array
  readonly types: readonly string[]
  readonly announced: boolean
  /** It tells everything up to this counter. */
  readonly upToJ: number
}

export const startReporter = (
  ports: Pick<AgentPorts, 'reports' | 'journal' | 'clock' | 'random' | 'logger'>,
  { node, boot }: { readonly node: NodeId; readonly boot: BootId },
  timings: Timings,
  hooks: ReporterHooks,
): Reporter => {
  const { reports, journal, clock, logger } = ports
  const subject = reportSubject(node)
  const abort = new AbortController()
  const pauses = createPauses(ports, timings, abort.signal)
  const first = Promise.withResolvers<void>()
  first.promise.catch(() => {})
  let wake: (() => void) | undefined
  let kicked = false

  let v = 0
  let expected: number | undefined
  let needsAnnouncement = true
  let everAnnounced = false
  let isAsked = false
  let mustLook = false
  /** An attempt to append the pending commit was not answered: it may be stored. */
  let isUnsure = false
  /** The first announcement may be taken for a repeat of one that stands hidden in the log: it is made once more. */
  let isAgain = false
  let sinceAnnouncement = 0
  let lastSeq = 0
  let pending: PendingCommit | undefined
  let over = false
  /** Whoever wrote last before this boot's announcement: seeing it again is no sign of a later agent. */
  let before: string | undefined

  /** An agent that started after us. What names no boot is no report, and the centre ignores it. */
  const isOtherBoot = (by: string | undefined): boolean =>
    by !== boot && by !== before && bootIdSchema.safeParse(by).success

  const readLast = async (): Promise<void> => {
    const last = await reports.last(subject)
    const report = last && readReport(node, last.data)
    expected = last?.seq ?? 0
    before = report?.boot
    const knownJ = report?.journals.get(journal.id) ?? 0
    if (knownJ > journal.j) {
      const known = journal.id
      journal.renew()
      logger.error('the journal went backwards; it goes on under a new id', { known, journal: journal.id })
    } else {
      // Stored before a kill or a power cut that took the acknowledgement with it: it is told already, and replaced by nothing.
      journal.acknowledge(knownJ)
    }
  }

  const nextCommit = (): PendingCommit | undefined => {
    const at = clock.nowMs()
    const { j, id } = journal
    if (needsAnnouncement || isAsked) {
      isAsked = false
      const told = hooks.announcement()
      // It takes the place of everything that is unsent, and says of how much.
      const executions = standingFor(told.executions, journal.unsent(MOST_COUNTED))
      const event = { type: 'NodeAnnounced' as const, ...told, executions, boot, journal: id, j }
      return { data: encodeReport(node, boot, v + 1, at, [event]), types: [event.type], announced: true, upToJ: j }
    }
    const unsent = journal.unsent(MOST_TRANSITIONS)
    const last = unsent.at(-1)
    if (!last) return undefined
    const type = 'ExecutionReported' as const
    const events = unsent.map((one) => ({ type, journal: id, j: one.j, ...one.transition }))
    return { data: encodeReport(node, boot, v + 1, at, events), types: [type], announced: false, upToJ: last.j }
  }

  const accepted = (seq: number, { announced, upToJ }: PendingCommit): void => {
    pending = undefined
    isUnsure = false
    v += 1
    expected = seq
    lastSeq = seq
    sinceAnnouncement = announced ? 0 : sinceAnnouncement + 1
    needsAnnouncement = sinceAnnouncement >= ANNOUNCE_AGAIN_AFTER || isAgain
    isAgain = false
    journal.acknowledge(upToJ)
    if (announced && !everAnnounced) {
      everAnnounced = true
      logger.info('announced', { boot, seq })
      first.resolve()
    }
    hooks.onAcknowledged(upToJ)
  }

  /** What stands where we wanted to append? */
  const onConflict = async (commit: PendingCommit): Promise<void> => {
    const last = await reports.last(subject)
    const report = last && readReport(node, last.data)
    if (last && report?.boot === boot && report.v === v + 1) return accepted(last.seq, commit)
    pending = undefined
    // Our own commit, whose acknowledgement was lost, may stand below what somebody else wrote: its version is taken then.
    const isHidden = isUnsure && last !== undefined && report?.boot !== boot
    isUnsure = false
    if (!everAnnounced) {
      expected = undefined
      isAgain = isHidden
      return
    }
    beginAgain(last?.seq ?? 0, report, isHidden)
  }

  /** Another message stands where our last one should: everything is told again, unless a later agent has taken over. */
  const beginAgain = (actual: number, report: LastReport | undefined, isHidden: boolean): void => {
    const wentBack = actual < (expected ?? 0)
    if (!wentBack && isOtherBoot(report?.boot)) throw secondAgent(report?.boot)
    const what = wentBack ? 'the log went backwards' : 'somebody else wrote on the subject of our reports'
    logger.error(`${what}; announcing again`, { expected, actual })
    // The centre counts on from what it has folded of this boot, unless its log went backwards as well.
    const known = report?.boot === boot ? report.v : 0
    v = wentBack ? known : Math.max(v, known) + (isHidden ? 1 : 0)
    expected = actual
    needsAnnouncement = true
  }

  const look = async (): Promise<void> => {
    const last = await reports.last(subject)
    mustLook = false
    if ((last?.seq ?? 0) !== expected) beginAgain(last?.seq ?? 0, last && readReport(node, last.data), false)
  }

  /** One commit; true when there may be more to do. */
  const publishNext = async (): Promise<boolean> => {
    if (expected === undefined) {
      if (!everAnnounced) await hooks.ensureAlone()
      await readLast()
    }
    if (mustLook && everAnnounced && !pending) {
      // What there is to tell finds out by itself who wrote last.
      if (journal.unsent(1).length > 0) mustLook = false
      else await look()
    }
    // The very same bytes until their outcome is known: a rebuilt commit would claim what the stored one does not say.
    pending ??= nextCommit()
    if (!pending) return false
    journal.sending(pending.upToJ)
    const { data, types } = pending
    const result = await reports.append({ subject, data, expected: expected ?? 0, types }).catch((error: unknown) => {
      isUnsure = true
      throw error
    })
    if (result.ok) accepted(result.seq, pending)
    else await onConflict(pending)
    return true
  }

  const idle = (): Promise<void> =>
    new Promise((resolve) => {
      if (kicked || abort.signal.aborted) return resolve()
      wake = resolve
    })

  const work = async (): Promise<void> => {
    let failures = 0
    while (!abort.signal.aborted) {
      kicked = false
      try {
        const more = await publishNext()
        failures = 0
        pauses.reset()
        if (!more) await idle()
      } catch (error) {
        if (error instanceof DunlinError && error.code === 'second_agent') {
          first.reject(error)
          over = true
          hooks.onSuperseded(error)
          return
        }
        failures += 1
        // A node may be cut off for weeks, and try every half minute: the 1st, 2nd, 4th, 8th failure is news.
        const level = Number.isInteger(Math.log2(failures)) ? 'warn' : 'debug'
        logger[level]('reports could not be published; they stay in the journal', { reason: String(error), failures })
        await pauses.next()
      }
    }
  }
  const worker = work()
  const hasMore = (): boolean => everAnnounced && !over && journal.unsent(1).length > 0

  return {
    lastSeq: () => lastSeq,
    isAnnounced: () => everAnnounced,
    announced: first.promise,
    lookAgain: () => {
      mustLook = everAnnounced
      pauses.cut()
      kicked = true
      wake?.()
    },
    kick: () => {
      kicked = true
      wake?.()
    },
    announceAgain: () => {
      // The first announcement is on its way, and tells everything.
      if (!everAnnounced) return
      isAsked = true
      kicked = true
      wake?.()
    },
    stop: async (drainMs) => {
      const deadline = clock.monotonicMs() + drainMs
      while (hasMore() && clock.monotonicMs() < deadline) await sleep(clock, 10)
      abort.abort()
      wake?.()
      await Promise.race([worker, sleep(clock, 2_000)])
    },
  }
}

const secondAgent = (boot: string | undefined): DunlinError =>
  new DunlinError(
    'second_agent',
    `A later agent (boot ${boot ?? 'unknown'}) announced itself with this node's identity.`,
  )
