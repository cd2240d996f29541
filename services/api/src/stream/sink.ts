/** Where a stream's bytes go: a response whose body ends with the connection, so that no byte of framing is added. */
import type { ServerResponse } from 'node:http'

export interface Sink {
  write(bytes: Buffer): void
  /** Bytes that the client has not taken yet. */
  unreadBytes(): number
  /** Resolves when the client has taken enough to be given more, or is gone. */
  drained(): Promise<void>
  /** Ends the stream; a client that does not read is cut off after a moment. */
  close(): void
  onClose(run: () => void): void
}

/** How long a closing stream may take to deliver what is on its way. */
const LINGER_MS = 2_000

export const responseSink = (response: ServerResponse): Sink => {
  response.useChunkedEncodingByDefault = false
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    connection: 'close',
  })
  response.flushHeaders()
  return {
    write: (bytes) => {
      if (!response.writableEnded && !response.destroyed) response.write(bytes)
    },
    unreadBytes: () => response.writableLength,
    drained: () =>
      new Promise((resolve) => {
        // Node emits `drain` only after a write that went over the mark.
        if (!response.writableNeedDrain || response.destroyed) return resolve()
        const done = (): void => {
          response.off('drain', done)
          response.off('close', done)
          resolve()
        }
        response.on('drain', done)
        response.on('close', done)
      }),
    close: () => {
      if (response.writableEnded) return
      response.end()
      setTimeout(() => response.destroy(), LINGER_MS).unref()
    },
    onClose: (run) => void response.once('close', run),
  }
}
