/** One append with its compare-and-set; shared by the services and the agent. */
import type { AppendRequest, AppendResult, Recorded } from '@dunlin/eventstore/agent'
import { headerValue, preparedHeader } from './header-bytes.ts'
import type { Publisher, PublishOutcome } from './publisher.ts'
import { sameBytes } from './stored.ts'

export interface AppendTarget {
  readonly stream: string
  readonly publisher: Publisher
  /** The subject's first message behind `seq` (or, where it has one writer only, its last): "was it mine?". */
  readonly behind: (subject: string, seq: number) => Promise<Recorded | undefined>
}

const headersFor = (stream: string, request: AppendRequest): string => {
  let lines = `Nats-Expected-Stream: ${stream}\r\nNats-Expected-Last-Subject-Sequence: ${request.expected}\r\n`
  if (request.msgId !== undefined) lines += `Nats-Msg-Id: ${headerValue(request.msgId)}\r\n`
  if (request.types !== undefined) lines += `Dunlin-Types: ${headerValue(request.types.join(','))}\r\n`
  if (request.traceparent !== undefined) lines += `traceparent: ${headerValue(request.traceparent)}\r\n`
  return lines
}

/** Throws `DunlinError`: log_unavailable, log_full, commit_too_large. */
export const appendTo = (target: AppendTarget, request: AppendRequest): Promise<AppendResult> =>
  new Promise((resolve, reject) => {
    const { subject, data } = request
    const message = { subject, data, headers: preparedHeader(headersFor(target.stream, request)) }
    const done = (outcome: PublishOutcome): void => {
      if (outcome.ok || (outcome.asked === 1 && request.msgId === undefined)) resolve(withoutAsked(outcome))
      else wasStored(target, request, outcome).then(resolve, reject)
    }
    target.publisher.send(message, done, reject)
  })

const withoutAsked = (outcome: PublishOutcome): AppendResult => {
  if (outcome.ok) return outcome
  const { actual } = outcome
  return actual === undefined ? { ok: false, conflict: true } : { ok: false, conflict: true, actual }
}

/**
 * A conflict may be our own message that is there already. nats-server 2.9 sees a repeated message id before it compares
 * the expected sequence, 2.14 only after, and without an id no server sees it. What we stored stands directly behind the
 * sequence that we expected (or at it, when somebody repeats a message that he has seen stored), so two reads tell.
 */
const wasStored = async (
  target: AppendTarget,
  request: AppendRequest,
  outcome: PublishOutcome & { ok: false },
): Promise<AppendResult> => {
  const { subject, expected, msgId, data } = request
  if (msgId === undefined) {
    const there = await target.behind(subject, expected)
    const mine = there !== undefined && there.seq > expected && sameBytes(there.data, data)
    return mine ? { ok: true, seq: there.seq, duplicate: false } : withoutAsked(outcome)
  }
  const near = [target.behind(subject, expected), ...(expected > 0 ? [target.behind(subject, expected - 1)] : [])]
  const mine = (await Promise.all(near)).find((recorded) => recorded?.msgId === msgId)
  return mine === undefined ? withoutAsked(outcome) : { ok: true, seq: mine.seq, duplicate: true }
}
