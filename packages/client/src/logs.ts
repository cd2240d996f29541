/** Logs of a job; following goes on where it was when the connection to the API is lost. */
import { DunlinError, type LogRecord } from '@dunlin/contracts'
import { readLines } from './lines.ts'
import { send, type ClientOptions, type RequestOptions } from './request.ts'
import { wait } from './wait.ts'

export interface LogsOptions {
  readonly signal?: AbortSignal | undefined
  /** Told about each loss of the connection, before the wait. Only while following. */
  readonly onLost?: (error: unknown, retryInMs: number) => void
  readonly firstDelayMs?: number
  readonly longestDelayMs?: number
}

/** They travel in the address of the request, which servers bound. */
const MOST_POSITIONS = 100

/** Ends with the logs, or when `signal` is aborted. Throws when the first connection fails, and problems at any time. */
export async function* readJobLogs(
  client: ClientOptions,
  request: RequestOptions & { readonly follow: boolean },
  options: LogsOptions = {},
): AsyncGenerator<LogRecord> {
  const { signal, onLost, firstDelayMs = 250, longestDelayMs = 10_000 } = options
  const positions = new Map<string, string>()
  const ended = new Set<string>()
  let connectedBefore = false
  let delayMs = firstDelayMs
  for (;;) {
    try {
      const response = await send(client, { ...request, query: resumed(request.query, positions), signal })
      connectedBefore = true
      if (response.body === null) throw new DunlinError('internal', 'The answer has no body.')
      for await (const record of readLines<LogRecord>(response.body)) {
        if (signal?.aborted) return
        if (record.type === 'end') return
        delayMs = firstDelayMs
        if (record.type === 'alive' || ('execution' in record && ended.has(record.execution))) continue
        yield record
        // After the caller took it: what it has not seen must come again.
        if (record.type === 'text') note(positions, `${record.execution}/${record.stream}`, record.at)
        else if (record.type === 'ended') {
          ended.add(record.execution)
          for (const stream of ['stdout', 'stderr']) positions.delete(`${record.execution}/${stream}`)
        }
      }
      throw new DunlinError('stream_interrupted', 'The connection to the API was cut.')
    } catch (error) {
      if (signal?.aborted) return
      const terminal = error instanceof DunlinError && !error.retryable
      if (terminal || !connectedBefore || !request.follow) throw error
      onLost?.(error, delayMs)
    }
    await wait(delayMs, signal)
    if (signal?.aborted) return
    delayMs = Math.min(delayMs * 2, longestDelayMs)
  }
}

/** The latest last, so that the first are dropped when there are too many. */
const note = (positions: Map<string, string>, key: string, at: string): void => {
  positions.delete(key)
  positions.set(key, at)
  const [oldest] = positions.keys()
  if (positions.size > MOST_POSITIONS && oldest !== undefined) positions.delete(oldest)
}

const resumed = (
  query: RequestOptions['query'],
  positions: ReadonlyMap<string, string>,
): NonNullable<RequestOptions['query']> =>
  positions.size === 0 ? { ...query } : { ...query, from: [...positions].map(([key, at]) => `${key}=${at}`) }
