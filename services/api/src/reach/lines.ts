/** A response that is lines of JSON: each a record, written only as fast as the client reads. */
import { isUtf8 } from 'node:buffer'
import type { DunlinError, problemView } from '@dunlin/contracts'
import { every, type Clock } from '@dunlin/runtime'
import type { FastifyReply } from 'fastify'
import type * as z from 'zod'

export interface Lines<R> {
  /** Resolves when the client has taken enough to be given more, or is gone. */
  put: (record: R) => Promise<void>
  end: () => void
  /** Aborted when the client is gone. */
  readonly gone: AbortSignal
}

/** Clients, and proxies between, take a silent connection for a dead one. */
const ALIVE_EVERY_MS = 10_000

export const respondInLines = <R extends { readonly type: string }>(
  reply: FastifyReply,
  clock: Clock,
  alive: R,
): Lines<R> => {
  reply.hijack()
  const { raw } = reply
  const gone = new AbortController()
  raw.writeHead(200, {
    'content-type': 'application/x-ndjson; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  raw.flushHeaders()
  let drained: PromiseWithResolvers<void> | undefined
  let wroteAt = clock.monotonicMs()
  const go = (): void => {
    drained?.resolve()
    drained = undefined
  }
  const write = (record: R): void => {
    if (raw.destroyed || raw.writableEnded) return
    wroteAt = clock.monotonicMs()
    raw.write(`${JSON.stringify(record)}\n`)
  }
  const beat = every(clock, ALIVE_EVERY_MS / 2, () => {
    if (clock.monotonicMs() - wroteAt >= ALIVE_EVERY_MS / 2 && drained === undefined) write(alive)
  })
  // Who left before the first line is told of by no event any more, and must not be read for.
  if (raw.destroyed || raw.socket?.destroyed === true) {
    beat.cancel()
    gone.abort()
  }
  raw.on('drain', go)
  raw.once('close', () => {
    beat.cancel()
    gone.abort()
    go()
  })
  return {
    gone: gone.signal,
    put: async (record) => {
      write(record)
      if (!raw.writableNeedDrain || raw.destroyed) return
      drained ??= Promise.withResolvers()
      await drained.promise
    },
    end: () => {
      beat.cancel()
      raw.end()
    },
  }
}

/** An error as a record carries it. */
export const problemIn = (error: DunlinError): z.output<typeof problemView> => {
  const { errors, ...problem } = error.toProblem()
  return { ...problem, ...(errors === undefined ? {} : { errors: errors.map((one) => ({ ...one })) }) }
}

/** Bytes as text where they are text, and otherwise in base64. */
export const outputOf = (bytes: Uint8Array): { readonly text: string } | { readonly base64: string } => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return isUtf8(buffer) ? { text: buffer.toString('utf8') } : { base64: buffer.toString('base64') }
}
