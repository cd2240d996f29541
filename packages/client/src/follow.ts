/** Follows the log over server-sent events and resumes after the last event it gave out, whatever cuts the connection. */
import { DunlinError } from '@dunlin/contracts'
import { send, type ClientOptions, type RequestOptions } from './request.ts'
import { POSITION, readServerSentEvents, type ServerSentEvent } from './sse.ts'
import { wait } from './wait.ts'

export interface FollowOptions {
  /** Begin after this sequence; nothing = with what comes from now on. */
  readonly since?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Told that everything up to this sequence was given out or is not for this filter. */
  readonly onPosition?: (seq: number) => void
  /** Told about each loss of the connection, before the wait. */
  readonly onLost?: (error: unknown, retryInMs: number) => void
  readonly firstDelayMs?: number
  readonly longestDelayMs?: number
}

/**
 * Ends when `signal` is aborted. Throws when the first connection fails, and terminal problems at any time (`events_gone`:
 * the log no longer holds what comes next).
 */
export async function* follow(
  client: ClientOptions,
  request: RequestOptions,
  options: FollowOptions = {},
): AsyncGenerator<ServerSentEvent> {
  const { signal, onLost, onPosition, firstDelayMs = 250, longestDelayMs = 10_000 } = options
  let last = options.since === undefined ? undefined : String(options.since)
  let connectedBefore = false
  let delayMs = firstDelayMs
  for (;;) {
    if (signal?.aborted) return
    try {
      const response = await send(client, {
        ...request,
        headers: { ...request.headers, accept: 'text/event-stream', 'last-event-id': last },
        signal,
      })
      connectedBefore = true
      if (response.body === null) throw new DunlinError('internal', 'The event stream has no body.')
      for await (const event of readServerSentEvents(response.body)) {
        // What came in the same packet after the caller had enough is not given out.
        if (signal?.aborted) return
        // Without `since` the first connection begins where the server stands; its first comment is not an event, so a
        // stream that is cut before its first event begins anew at the present.
        last = event.id
        delayMs = firstDelayMs
        if (event.event === POSITION && event.data === '') onPosition?.(Number(event.id))
        else yield event
      }
    } catch (error) {
      if (signal?.aborted) return
      const terminal = error instanceof DunlinError && !error.retryable
      if (terminal || !connectedBefore) throw error
      onLost?.(error, delayMs)
    }
    if (signal?.aborted) return
    await wait(delayMs, signal)
    delayMs = Math.min(delayMs * 2, longestDelayMs)
  }
}
