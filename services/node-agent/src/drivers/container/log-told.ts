/** The log of a container as its engine tells it: for engines whose own files are out of reach. */
import type { Engine } from './engine.ts'
import { createEntryReader, createLogCounter, type LogPlace } from './log-entries.ts'
import type { LogFiles } from './log-files.ts'

interface Reading {
  readonly engine: Engine
  readonly id: string
  readonly files: LogFiles
  readonly from: LogPlace
  /** Otherwise what is there now. */
  readonly follow: boolean
  /** Aborted when the container has ended. */
  readonly over: AbortSignal
  readonly onPlace: (place: LogPlace) => void
}

const NOTE_EVERY_MS = 200
/** An engine ends the stream when the container ends; one that does not is left. */
const END_OF_STREAM_MS = 1_000

export const readTold = async ({ engine, id, files, from, follow, over, onPlace }: Reading): Promise<void> => {
  const stream = await openStream(engine, id, from.since, follow)
  const end = (): void => void setTimeout(() => stream.destroy(), END_OF_STREAM_MS).unref()
  if (follow) over.addEventListener('abort', end, { once: true })
  const entriesIn = createEntryReader()
  const counter = createLogCounter(from)
  let notedMs = 0
  const note = (): void => {
    onPlace(counter.place())
    files.note({ told: counter.place() })
    notedMs = performance.now()
  }
  try {
    for await (const chunk of stream) {
      files.write(entriesIn(chunk).flatMap((entry) => counter.newIn(entry) ?? []))
      if (performance.now() - notedMs > NOTE_EVERY_MS) note()
    }
  } finally {
    over.removeEventListener('abort', end)
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
