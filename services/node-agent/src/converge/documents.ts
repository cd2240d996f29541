/** Holds the desired document: listens to the doorbell first, then reads; the higher generation wins. */
import { NO_GENERATION, type DesiredDocument, type Generation, type NodeId } from '@dunlin/contracts/agent'
import { acceptDocument, readDocument, type DocumentProblem } from '@dunlin/domain/agent'
import { doorbellSubject } from '@dunlin/nats/agent'
import type { AgentPorts } from '../ports.ts'
import type { Problems } from '../report/problems.ts'
import { createPauses, untilDone } from '../retry.ts'
import type { Timings } from '../timings.ts'

export interface Documents {
  held(): DesiredDocument | undefined
  generation(): Generation
  /** When the held document was known to be the newest, monotonic; undefined when it comes from the journal. */
  readAtMs(): number | undefined
  /** The last document that was refused, until a good one comes. */
  problem(): DocumentProblem | undefined
  /** Reads it over the live connection, until that works. A second call joins the first, and ends its pause. */
  reread(): Promise<void>
  stop(): void
}

/**
 * A rung document was stored at most this long before it arrives: a connection that is slower is closed by its own pings
 * (20 s apart, two may stay unanswered). So its age is counted from before that.
 */
const SLOWEST_DELIVERY_MS = 60_000

export const createDocuments = (
  ports: Pick<AgentPorts, 'bus' | 'desired' | 'journal' | 'logger' | 'clock' | 'random'>,
  node: NodeId,
  timings: Timings,
  signal: AbortSignal,
  problems: Pick<Problems, 'raise' | 'clear'>,
  onChange: () => void,
): Documents => {
  const { bus, desired, journal, logger, clock } = ports
  let held: DesiredDocument | undefined
  let readAtMs: number | undefined
  let readAtWallMs = 0
  let problem: DocumentProblem | undefined
  let reading: Promise<void> | undefined
  const pauses = createPauses(ports, timings, signal)

  const confirm = (asOfMs: number): void => {
    readAtMs = asOfMs
    readAtWallMs = clock.nowMs() - (clock.monotonicMs() - asOfMs)
  }

  const refuse = (refused: DocumentProblem): void => {
    problem = refused
    problems.raise('document', refused)
    const { code, message } = refused
    logger.error('a desired document was refused; the held one stays in force', {
      code,
      problem: message,
      held: held?.generation,
    })
  }

  const stored = journal.document()
  if (stored !== undefined) {
    const read = readDocument(new TextEncoder().encode(stored), node)
    // It is not written over before a good one comes: a newer release may read it again.
    if ('document' in read) held = read.document
    else refuse(read.problem)
  }

  /** The monotonic clock stands still while a host sleeps, the wall clock may be set: whichever says older is believed. */
  const asOf = (): number | undefined => {
    if (readAtMs === undefined) return undefined
    const ageMs = Math.max(clock.monotonicMs() - readAtMs, clock.nowMs() - readAtWallMs)
    return clock.monotonicMs() - ageMs
  }

  const take = (bytes: Uint8Array, asOfMs: number): void => {
    const acceptance = acceptDocument(held, bytes, node)
    switch (acceptance.is) {
      case 'older':
        return
      case 'refused':
        return refuse(acceptance.problem)
      case 'same':
        if (asOfMs > (readAtMs ?? -Infinity)) confirm(asOfMs)
        break
      case 'newer':
        held = acceptance.document
        confirm(asOfMs)
        journal.saveDocument(JSON.stringify(held))
        logger.info('the desired document changed', { generation: held.generation, entries: held.executions.length })
    }
    problem = undefined
    problems.clear('document')
    onChange()
  }

  const readOnce = async (): Promise<true | undefined> => {
    // Counted from before the question: the answer may have been true only then.
    const askedMs = clock.monotonicMs()
    try {
      const entry = await desired.get(node)
      if (entry) take(entry.value, askedMs)
      return true
    } catch (error) {
      logger.debug('the desired document could not be read', { reason: String(error) })
      return undefined
    }
  }

  const doorbell = bus.subscribe(doorbellSubject(node), ({ data }) =>
    take(data, clock.monotonicMs() - Math.min(SLOWEST_DELIVERY_MS, timings.freshForMs / 4)),
  )

  return {
    held: () => held,
    generation: () => held?.generation ?? NO_GENERATION,
    readAtMs: asOf,
    problem: () => problem,
    reread: () => {
      pauses.cut()
      return (reading ??= untilDone(signal, pauses, readOnce).then(() => {
        reading = undefined
      }))
    },
    stop: () => doorbell.stop(),
  }
}
