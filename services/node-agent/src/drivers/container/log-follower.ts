/** Brings a container's output into its task's files while it runs, goes on after a restart, and takes the rest at its end. */
import type { Logger } from '@dunlin/runtime/agent'
import { setTimeout as delay } from 'node:timers/promises'
import type { Engine } from './engine.ts'
import { createEntryReader, createLogCounter, type LogPlace } from './log-entries.ts'
import { openLogFiles, type LogFiles } from './log-files.ts'

export interface LogFollower {
  /** The container has ended: takes what is left and resolves when the files hold everything, or after `MOST_REST_MS`. */
  finish(): Promise<void>
}

const AGAIN_MS = 500
const NOTE_EVERY_MS = 200
/** An engine ends the stream when the container ends; one that does not is left. */
const END_OF_STREAM_MS = 1_000
const MOST_REST_MS = 20_000

interface Following {
  readonly engine: Engine
  readonly id: string
  readonly dir: string
  readonly logger: Logger
}

export const followLogs = (following: Following): LogFollower => {
  const { id, dir, logger } = following
  const over = new AbortController()
  const done = follow(following, over.signal).catch((error: unknown) =>
    logger.warn('the output of a container is not captured', { container: id, dir, error: String(error) }),
  )
  return {
    finish: async () => {
      over.abort()
      await Promise.race([done, delay(MOST_REST_MS, undefined, { ref: false })])
    },
  }
}

const follow = async ({ engine, id, dir, logger }: Following, over: AbortSignal): Promise<void> => {
  const files = openLogFiles(dir, id)
  let place = files.from
  const read = async (onlyWhatIsThere: boolean): Promise<void> => {
    try {
      const stream = await openStream(engine, id, place.since, !onlyWhatIsThere)
      const end = (): void => void setTimeout(() => stream.destroy(), END_OF_STREAM_MS).unref()
      if (!onlyWhatIsThere) over.addEventListener('abort', end, { once: true })
      await take(stream, files, place, (next) => (place = next))
      over.removeEventListener('abort', end)
    } catch (error) {
      logger.debug('the log of a container was interrupted', { container: id, reason: String(error) })
    }
  }
  try {
    while (!over.aborted) {
      await read(false)
      if (!over.aborted) await delay(AGAIN_MS, undefined, { signal: over, ref: false }).catch(() => {})
    }
    // A stream that follows may end with the container before it has told everything.
    await read(true)
  } finally {
    files.close()
  }
}

const take = async (
  stream: AsyncIterable<Buffer>,
  files: LogFiles,
  from: LogPlace,
  onPlace: (place: LogPlace) => void,
): Promise<void> => {
  const entriesIn = createEntryReader()
  const counter = createLogCounter(from)
  let notedMs = 0
  const note = (): void => {
    onPlace(counter.place())
    files.note(counter.place())
    notedMs = performance.now()
  }
  try {
    for await (const chunk of stream) {
      files.write(entriesIn(chunk).filter((entry) => counter.isNew(entry)))
      if (performance.now() - notedMs > NOTE_EVERY_MS) note()
    }
  } finally {
    note()
  }
}

interface LogStream extends AsyncIterable<Buffer> {
  destroy(): void
}

const openStream = async (engine: Engine, id: string, since: number, follow: boolean): Promise<LogStream> => {
  const client = await engine.client()
  const options = { stdout: true, stderr: true, timestamps: true, since, follow }
  return new Promise((resolve, reject) =>
    // The library's own `logs` puts everything into one buffer unless it follows.
    client.modem.dial(
      { path: `/containers/${id}/logs?`, method: 'GET', isStream: true, statusCodes: { 200: true }, options },
      (error: Error | null, stream: unknown) => (error ? reject(error) : resolve(stream as LogStream)),
    ),
  )
}
