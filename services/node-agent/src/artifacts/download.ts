/**
 * Brings one artifact into its part file, over as many connections as it takes: a break is followed by a request for the
 * rest, if the server still has the same file. Whatever the server says, only the digest decides.
 */
import type { Artifact } from '@dunlin/contracts/agent'
import type { IncomingMessage } from 'node:http'
import { addAbortSignal } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { TaskError } from '../drivers/driver.ts'
import type { Cache } from './cache.ts'
import { get } from './http.ts'
import type { Part } from './part.ts'
import type { ArtifactPolicy } from './policy.ts'
import { tooLarge, unavailable, wrongDigest } from './problem.ts'

export interface Patience {
  /** Between two connections: the first, doubling to the most. */
  readonly firstMs: number
  readonly mostMs: number
  /** Connections in a row that brought nothing, or next to nothing, before the attempt is given up. */
  readonly attempts: number
  /** Without a byte for this long a connection counts as broken. */
  readonly silentMs: number
  /** A connection that brings less than `slowBytes` in `slowMs` counts as one that brings nothing. */
  readonly slowBytes: number
  readonly slowMs: number
}

export interface Download {
  readonly artifact: Artifact
  readonly part: Part
  readonly cache: Cache
  readonly policy: ArtifactPolicy
  readonly patience: Patience
  readonly signal: AbortSignal
  readonly onProgress: (bytes: number, of: number | undefined) => void
}

/** How much room is made at a time for an answer that does not say how long it is. */
const ROOM_BYTES = 16 * 1024 * 1024

/** Resolves when the part is whole and has its digest. Throws `TaskError`. */
export const download = async (order: Download): Promise<void> => {
  const { artifact, part } = order
  for (let first = true; ; first = false) {
    const resumed = part.bytes > 0
    await untilEnd(order)
    const actual = await part.finish()
    if (actual === artifact.sha256) return
    // Bytes of an earlier answer may have been of another file: once more from the beginning.
    if (!resumed || !first) throw wrongDigest(artifact.source, artifact.sha256, actual)
    await part.restart(undefined)
  }
}

const untilEnd = async (order: Download): Promise<void> => {
  const { artifact, part, patience, signal } = order
  let waitMs = patience.firstMs
  let sinceMs = performance.now()
  /** Ever reached: a server that has to begin again each time, and breaks off each time, gets nowhere. */
  let most = part.bytes
  for (let failures = 0; ;) {
    try {
      return await take(order, await ask(order))
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof TaskError) throw error
      // The pause before it counts: a server that lets one byte through at a time would never be given up.
      const nowMs = performance.now()
      if (part.bytes > most && !isSlow(part.bytes - most, nowMs - sinceMs, patience)) {
        failures = 0
        waitMs = patience.firstMs
      }
      sinceMs = nowMs
      most = Math.max(most, part.bytes)
      failures += 1
      if (failures >= patience.attempts || error instanceof Refusal)
        throw unavailable(artifact.source, error instanceof Error ? error.message : String(error))
    }
    await delay(waitMs, undefined, { signal })
    waitMs = Math.min(patience.mostMs, waitMs * 2)
  }
}

const isSlow = (bytes: number, inMs: number, { slowBytes, slowMs }: Patience): boolean =>
  bytes * slowMs < slowBytes * inMs

/** The server understood, and will say the same in a moment: left to the restart policy of the job. */
class Refusal extends Error {}

const ask = async ({ artifact, part, policy, patience, signal }: Download): Promise<IncomingMessage> => {
  const range = part.bytes > 0 ? { range: `bytes=${part.bytes}-`, ...ifRange(part.validator) } : {}
  const answer = await get(artifact.source, { headers: range, policy, signal, silentMs: patience.silentMs })
  const { statusCode = 0 } = answer
  if (statusCode === 206 && rangeStart(answer) === part.bytes && part.bytes > 0) return answer
  if (statusCode === 200) {
    await part.restart(validatorOf(answer))
    return answer
  }
  answer.destroy()
  if (statusCode === 206 || statusCode === 416) {
    // The range does not fit: what lies here is of another file, or too long.
    await part.restart(undefined)
    throw new Error(`the server answered ${statusCode} to a request for the rest`)
  }
  const later = statusCode >= 500 || [408, 425, 429].includes(statusCode)
  throw new (later ? Error : Refusal)(`the server answered ${statusCode}`)
}

const ifRange = (validator: string | undefined): Record<string, string> =>
  validator === undefined ? {} : { 'if-range': validator }

/** A strong ETag, or the time of the last change: weak ones do not promise the same bytes. */
const validatorOf = ({ headers }: IncomingMessage): string | undefined => {
  const { etag } = headers
  return etag !== undefined && !etag.startsWith('W/') ? etag : headers['last-modified']
}

const rangeStart = ({ headers }: IncomingMessage): number | undefined => {
  const start = /^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1]
  return start === undefined ? undefined : Number(start)
}

const take = async (order: Download, answer: IncomingMessage): Promise<void> => {
  const { artifact, part, cache, onProgress, signal } = order
  const watch = endWhenSlow(answer, part, order.patience)
  const maxBytes = Math.min(artifact.max_bytes ?? Infinity, cache.limitBytes)
  const length = answer.headers['content-length']
  const whole = length === undefined ? undefined : part.bytes + Number(length)
  try {
    if (whole !== undefined && whole > maxBytes) throw tooLarge(artifact.source, maxBytes)
    let room = whole ?? part.bytes
    if (whole !== undefined) await cache.makeRoom(artifact.sha256, whole, whole - part.bytes)
    onProgress(part.bytes, whole)
    addAbortSignal(signal, answer)
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      if (part.bytes + chunk.length > maxBytes) throw tooLarge(artifact.source, maxBytes)
      if (part.bytes + chunk.length > room) {
        room = part.bytes + Math.max(ROOM_BYTES, chunk.length)
        await cache.makeRoom(artifact.sha256, room, chunk.length)
      }
      await part.append(chunk)
      onProgress(part.bytes, whole)
    }
  } finally {
    clearInterval(watch)
    answer.destroy()
  }
}

/** It is never silent for long, and never done either. */
const endWhenSlow = (answer: IncomingMessage, part: Part, { slowBytes, slowMs }: Patience): NodeJS.Timeout => {
  let before = part.bytes
  return setInterval(() => {
    const bytes = part.bytes - before
    before = part.bytes
    if (bytes < slowBytes) answer.destroy(new Error(`only ${bytes} bytes came in ${slowMs / 1000} s`))
  }, slowMs)
}
