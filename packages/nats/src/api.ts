/** Requests to the JetStream API, by hand: the agent's bundle holds no JetStream client, and the services need little of it. */
import { DunlinError } from '@dunlin/contracts/agent'
import { setTimeout as pause } from 'node:timers/promises'
import { errors, type Msg } from 'nats'
import type { Link } from './connection.ts'

export const API_TIMEOUT_MS = 10_000
const ATTEMPT_TIMEOUT_MS = 4_000

/** What the JetStream API answered instead of a result. Numbers are nats-server's `err_code`. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: number
  readonly errCode: number
  constructor(code: number, errCode: number, description: string) {
    super(description)
    this.code = code
    this.errCode = errCode
  }
}

export const ErrCode = {
  insufficientResources: 10023,
  consumerNotFound: 10014,
  memoryExceeded: 10028,
  messageNotFound: 10037,
  storageExceeded: 10047,
  messageTooLarge: 10054,
  streamNameInUse: 10058,
  streamNotFound: 10059,
  streamMismatch: 10060,
  subjectsOverlap: 10065,
  wrongLastSequence: 10071,
  storeFailed: 10077,
  workQueueHasConsumer: 10099,
  workQueueFilterTaken: 10100,
  wrongLastSequenceUnknown: 10164,
  tooManyRequests: 10167,
} as const

/** True when nobody was there to answer: no JetStream, or no leader right now. */
export const isNoResponders = (error: unknown): boolean =>
  error instanceof errors.NoRespondersError ||
  (error instanceof errors.RequestError && (error.isNoResponders() || error.cause instanceof errors.NoRespondersError))

/** Resolves when the connection changes to `live`; `stop` ends the watch. */
const whenLive = (link: Link, live: boolean) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const watch = link.onLive((now) => {
    if (now === live) resolve()
  })
  if (link.isLive() === live) resolve()
  return { promise, stop: () => watch.stop() }
}

const LOST = Symbol('lost')

/** One attempt; LOST when the connection went away before the answer (the client itself would wait on for nothing). */
const attempt = async (link: Link, subject: string, body: string | Uint8Array, timeoutMs: number) => {
  const lost = whenLive(link, false)
  try {
    const answer = link.nc.request(subject, body, { timeout: timeoutMs })
    return await Promise.race([answer, lost.promise.then((): typeof LOST => LOST)])
  } finally {
    lost.stop()
  }
}

/**
 * A request to the log that is asked again, until the time is over, when the connection is lost under it or nobody
 * serves it for the moment. Only for requests that do the same when they arrive twice. Silence is `log_unavailable`.
 */
export const requestLog = async (
  link: Link,
  subject: string,
  body: string | Uint8Array = '',
  timeoutMs = API_TIMEOUT_MS,
): Promise<Msg> => {
  const giveUpAt = performance.now() + timeoutMs
  let why = 'no connection'
  let cause: unknown
  for (;;) {
    const leftMs = giveUpAt - performance.now()
    if (leftMs < 1 || link.isClosed()) break
    if (!link.isLive()) {
      const up = whenLive(link, true)
      await Promise.race([up.promise, pause(leftMs, undefined, { ref: false })])
      up.stop()
      continue
    }
    try {
      const answer = await attempt(link, subject, body, Math.min(leftMs, ATTEMPT_TIMEOUT_MS))
      if (answer !== LOST) return answer
      why = 'the connection was lost'
    } catch (error) {
      cause = error
      if (error instanceof errors.PermissionViolationError) break
      if (isNoResponders(error)) await pause(Math.min(leftMs, 50))
      why = isNoResponders(error) ? 'nobody serves it' : error instanceof Error ? error.message : String(error)
    }
  }
  throw new DunlinError('log_unavailable', `The log does not answer (${subject}: ${why}).`, { cause })
}

interface ApiAnswer {
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string }
}

/** Throws `ApiError` for the server's refusal and `DunlinError` log_unavailable for silence. */
export const apiRequest = async <T>(link: Link, endpoint: string, body?: unknown, timeoutMs?: number): Promise<T> => {
  const payload = body === undefined ? '' : JSON.stringify(body)
  const message = await requestLog(link, `$JS.API.${endpoint}`, payload, timeoutMs)
  const answer = message.json<T & ApiAnswer>()
  if (answer.error !== undefined)
    throw new ApiError(answer.error.code, answer.error.err_code ?? 0, answer.error.description ?? 'unnamed error')
  return answer
}

/** The API's errors in the words of the catalogue; what is already a `DunlinError` stays as it is. */
export const asDunlinError = (error: unknown): DunlinError => {
  if (error instanceof DunlinError) return error
  if (error instanceof ApiError) return apiProblem(error.code, error.errCode, error.message)
  if (error instanceof errors.ClosedConnectionError || error instanceof errors.DrainingConnectionError)
    return new DunlinError('log_unavailable', 'The connection to the log was closed.', { cause: error })
  return new DunlinError('internal', error instanceof Error ? error.message : String(error), { cause: error })
}

const FULL = /maximum bytes|maximum messages|insufficient|resources|no space|quota|exceeded/i

/** One place that knows which of the server's errors means what. */
export const apiProblem = (code: number, errCode: number, description: string): DunlinError => {
  const data = { nats_error: errCode }
  switch (errCode) {
    case ErrCode.storageExceeded:
    case ErrCode.memoryExceeded:
    case ErrCode.insufficientResources:
      return new DunlinError('log_full', `The log takes nothing more: ${description}.`, { data })
    case ErrCode.storeFailed:
      return FULL.test(description)
        ? new DunlinError('log_full', `The log takes nothing more: ${description}.`, { data })
        : new DunlinError('log_unavailable', `The log could not store it: ${description}.`, { data })
    case ErrCode.messageTooLarge:
      return new DunlinError('commit_too_large', `The server refused it: ${description}.`, { data })
    case ErrCode.streamMismatch:
      return new DunlinError('stream_mismatch', `The subject belongs to another stream: ${description}.`, { data })
    default:
      return code === 503 || code === 429 || code >= 500
        ? new DunlinError('log_unavailable', `The log cannot do it now: ${description}.`, { data })
        : new DunlinError('internal', `The log refused it: ${description} (${errCode}).`, { data })
  }
}
