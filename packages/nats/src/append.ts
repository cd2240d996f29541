/** One append with its compare-and-set; shared by the services and the agent. */
import type { AppendRequest, AppendResult, Recorded } from '@dunlin/eventstore/agent'
import { headerValue, preparedHeader } from './header-bytes.ts'
import type { Publisher, PublishOutcome } from './publisher.ts'
import { sameBytes } from './stored.ts'

export interface AppendTarget {
  readonly stream: string
  readonly publisher: Publisher
  /** The subject's last message, for the question "was it mine?". */
  readonly last: (subject: string) => Promise<Recorded | undefined>
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
      if (outcome.ok || outcome.asked === 1 || request.msgId !== undefined) resolve(withoutAsked(outcome))
      else wasItMine(target, request, outcome).then(resolve, reject)
    }
    target.publisher.send(message, done, reject)
  })

const withoutAsked = (outcome: PublishOutcome): AppendResult => {
  if (outcome.ok) return outcome
  const { actual } = outcome
  return actual === undefined ? { ok: false, conflict: true } : { ok: false, conflict: true, actual }
}

/**
 * Without a message id the server cannot recognise a repeat, so a conflict after a second attempt may be our own first
 * one. The subject has one writer: if its last message has our bytes behind the place that we expected, it is ours.
 */
const wasItMine = async (
  target: AppendTarget,
  request: AppendRequest,
  outcome: PublishOutcome & { ok: false },
): Promise<AppendResult> => {
  const last = await target.last(request.subject)
  if (last !== undefined && last.seq > request.expected && sameBytes(last.data, request.data))
    return { ok: true, seq: last.seq, duplicate: false }
  return withoutAsked(outcome)
}
