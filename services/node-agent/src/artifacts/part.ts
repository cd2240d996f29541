/** A part of an artifact on disk: appended to, hashed as it grows, found again after a kill, never taken for the whole. */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream, readFileSync, writeFileSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import type { Cache } from './cache.ts'
import { diskFull, isDiskFull } from './problem.ts'

export interface Part {
  readonly bytes: number
  /** Of the answer that the bytes came from; asked for with If-Range, so that two files are never mixed. */
  readonly validator: string | undefined
  append(chunk: Uint8Array): Promise<void>
  /** Back to nothing, for an answer that begins at the beginning. */
  restart(validator: string | undefined): Promise<void>
  /** The digest of everything, which lies on the disk for good from then on. */
  finish(): Promise<string>
  close(): Promise<void>
}

interface Origin {
  readonly source: string
  readonly validator?: string
}

/** Goes on with what an earlier download of the same source left, hashing it again. */
export const openPart = async (cache: Cache, digest: string, source: string): Promise<Part> => {
  const file = cache.part(digest)
  const origin = readOrigin(cache.from(digest))
  const keep = origin?.source === source
  // For appending: after a truncation the next write is at the beginning again.
  const handle = await guarded(cache, () => open(file, 'a', 0o600))
  if (!keep) await handle.truncate(0)
  let hash = createHash('sha256')
  let bytes = keep ? await hashFile(file, hash) : 0
  let validator = keep ? origin.validator : undefined
  return {
    get bytes() {
      return bytes
    },
    get validator() {
      return validator
    },
    append: async (chunk) => {
      await guarded(cache, () => writeAll(handle, chunk))
      hash.update(chunk)
      bytes += chunk.length
    },
    restart: async (next) => {
      await handle.truncate(0)
      hash = createHash('sha256')
      bytes = 0
      validator = next
      const written: Origin = { source, ...(next === undefined ? {} : { validator: next }) }
      await guarded(cache, () => {
        writeFileSync(cache.from(digest), JSON.stringify(written), { mode: 0o600 })
        return Promise.resolve()
      })
    },
    finish: async () => {
      await guarded(cache, () => handle.sync())
      return hash.digest('hex')
    },
    close: () => handle.close(),
  }
}

const writeAll = async (handle: FileHandle, chunk: Uint8Array): Promise<void> => {
  for (let at = 0; at < chunk.length;) at += (await handle.write(chunk, at)).bytesWritten
}

export const hashFile = async (file: string, hash: Hash): Promise<number> => {
  let bytes = 0
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return bytes
}

const readOrigin = (file: string): Origin | undefined => {
  try {
    const { source, validator } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    if (typeof source !== 'string') return undefined
    return { source, ...(typeof validator === 'string' ? { validator } : {}) }
  } catch {
    return undefined
  }
}

const guarded = async <T>({ dir }: Cache, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    throw isDiskFull(error) ? diskFull(dir, 'a write was refused') : error
  }
}
