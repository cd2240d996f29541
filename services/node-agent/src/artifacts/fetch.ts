/**
 * Artifacts for whoever needs them: one folder by digest, one download for all that ask at once. What is handed out is
 * whole and has its digest, whatever was killed, cut or lied on the way.
 */
import type { Artifact } from '@dunlin/contracts/agent'
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { chmod, constants, copyFile, open } from 'node:fs/promises'
import { openCache, type Cache } from './cache.ts'
import { download, type Patience } from './download.ts'
import { hashFile, openPart, type Part } from './part.ts'
import { localPath, type ArtifactPolicy } from './policy.ts'
import { diskFull, isDiskFull, tooLarge, wrongDigest } from './problem.ts'
import { createShared } from './shared.ts'

export interface ArtifactControl {
  readonly signal: AbortSignal
  /** "artifact 3 of 7 MiB", for people who wait. */
  readonly onProgress?: (text: string) => void
}

export interface Artifacts {
  /**
   * The path of the whole file in the cache (0600, to be read only). It is left alone for a minute after this; to keep it
   * longer, copy it. Throws `TaskError`: `wrong_digest`, `artifact_too_large`, `artifact_refused` (all permanent),
   * `artifact_unavailable`, `disk_full`; the signal's reason when given up.
   */
  fetch(artifact: Artifact, control: ArtifactControl): Promise<string>
  /** The same as a file of the caller's own: a copy that it may change. */
  place(
    artifact: Artifact,
    to: { readonly path: string; readonly mode: number },
    control: ArtifactControl,
  ): Promise<void>
}

export interface ArtifactOptions {
  readonly dir: string
  readonly cacheBytes: number
  readonly policy: ArtifactPolicy
  readonly patience?: Partial<Patience>
}

/** 1 KiB/s is less than the slowest mobile network that anybody still has. */
const defaultPatience: Patience = {
  firstMs: 500,
  mostMs: 30_000,
  attempts: 6,
  silentMs: 30_000,
  slowBytes: 60 * 1024,
  slowMs: 60_000,
}

export const createArtifacts = ({ dir, cacheBytes, policy, patience }: ArtifactOptions): Artifacts => {
  /** Opened when the first artifact is asked for: a node without artifacts has no such folder. */
  let opened: Cache | undefined
  const cacheNow = (): Cache => {
    try {
      return (opened ??= openCache(dir, cacheBytes))
    } catch (error) {
      throw isDiskFull(error) ? diskFull(dir, 'the folder cannot be made') : error
    }
  }
  /** What was read and compared in this process, by size and time of change. */
  const verified = new Map<string, string>()

  const isWhole = async (cache: Cache, digest: string): Promise<boolean> => {
    const file = cache.whole(digest)
    if (!existsSync(file)) return false
    if (verified.get(digest) === stampOf(file)) return true
    const hash = createHash('sha256')
    await hashFile(file, hash)
    if (hash.digest('hex') === digest) {
      verified.set(digest, stampOf(file))
      return true
    }
    rmSync(file, { force: true })
    return false
  }

  const bring = async (
    cache: Cache,
    artifact: Artifact,
    signal: AbortSignal,
    onProgress: (text: string) => void,
  ): Promise<void> => {
    const { source, sha256 } = artifact
    const url = new URL(source)
    const letGo = cache.hold(sha256)
    let part: Part | undefined
    try {
      if (await isWhole(cache, sha256)) return
      const local = url.protocol === 'file:' ? await localPath(url, policy) : undefined
      part = await openPart(cache, sha256, source)
      if (local === undefined) {
        const tell = progressTeller(onProgress)
        const full = { ...defaultPatience, ...patience }
        await download({ artifact, part, cache, policy, patience: full, signal, onProgress: tell })
      } else await copyLocal(local, artifact, part, cache, signal)
      renameSync(cache.part(sha256), cache.whole(sha256))
      rmSync(cache.from(sha256), { force: true })
      await syncFolder(dir)
      verified.set(sha256, stampOf(cache.whole(sha256)))
    } catch (error) {
      // What turned out wrong is never gone on with; what was merely broken off is.
      if (error instanceof Error && 'permanent' in error && error.permanent === true) cache.drop(sha256)
      throw error
    } finally {
      await part?.close()
      letGo()
    }
  }

  const shared = createShared<void>()
  const ready = async (artifact: Artifact, { signal, onProgress }: ArtifactControl): Promise<Cache> => {
    signal.throwIfAborted()
    const cache = cacheNow()
    await shared(
      artifact.sha256,
      JSON.stringify(artifact),
      { signal, onProgress: onProgress ?? (() => {}) },
      (...args) => bring(cache, artifact, ...args),
    )
    cache.touch(artifact.sha256)
    return cache
  }

  return {
    fetch: async (artifact, control) => (await ready(artifact, control)).whole(artifact.sha256),
    place: async (artifact, { path, mode }, control) => {
      const letGo = cacheNow().hold(artifact.sha256)
      try {
        const cache = await ready(artifact, control)
        // A file that is there may be shown to somebody, or be a link: it is replaced, never written through.
        rmSync(path, { force: true })
        await copyFile(cache.whole(artifact.sha256), path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
        await chmod(path, mode)
      } catch (error) {
        throw isDiskFull(error) ? diskFull(path, 'the copy of an artifact was refused') : error
      } finally {
        letGo()
      }
    },
  }
}

const stampOf = (file: string): string => {
  const { ino, size, mtimeMs } = statSync(file)
  return `${ino} ${size} ${mtimeMs}`
}

const syncFolder = async (dir: string): Promise<void> => {
  const handle = await open(dir)
  await handle.sync()
  await handle.close()
}

const copyLocal = async (
  from: string,
  { source, sha256, max_bytes }: Artifact,
  part: Part,
  cache: Cache,
  signal: AbortSignal,
): Promise<void> => {
  const maxBytes = Math.min(max_bytes ?? Infinity, cache.limitBytes)
  const { size } = statSync(from)
  if (size > maxBytes) throw tooLarge(source, maxBytes)
  await part.restart(undefined)
  await cache.makeRoom(sha256, size, size)
  for await (const chunk of createReadStream(from, { signal }) as AsyncIterable<Buffer>) {
    // It may grow while it is read, or be a device that never ends.
    if (part.bytes + chunk.length > maxBytes) throw tooLarge(source, maxBytes)
    await part.append(chunk)
  }
  const actual = await part.finish()
  if (actual !== sha256) throw wrongDigest(source, sha256, actual)
}

const mib = (bytes: number): string => String(Math.floor(bytes / 1_048_576))

/** Tells whole MiB only, and only when they change. */
const progressTeller = (onProgress: (text: string) => void) => {
  let told = ''
  return (bytes: number, of: number | undefined): void => {
    const text = of === undefined ? `artifact ${mib(bytes)} MiB` : `artifact ${mib(bytes)} of ${mib(of)} MiB`
    if (text !== told) onProgress((told = text))
  }
}
