/**
 * Brings a container's output into its task's files while it runs, goes on after a restart of agent or engine, and takes the
 * rest at its end: from the engine's own file where this process can read it, otherwise as the engine tells it.
 */
import type { Logger } from '@dunlin/runtime/agent'
import { setTimeout as delay } from 'node:timers/promises'
import type { Engine } from './engine.ts'
import { openLogFile, type LogFileReader } from './log-file-reader.ts'
import { openLogFiles, type LogFiles } from './log-files.ts'
import { readTold } from './log-told.ts'

export interface LogFollower {
  /** The container has ended: takes what is left and resolves when the files hold everything, or after `MOST_REST_MS`. */
  finish(): Promise<void>
}

const LOOK_MS = 100
const AGAIN_MS = 500
const MOST_REST_MS = 20_000

interface Following {
  readonly engine: Engine
  readonly id: string
  readonly dir: string
  readonly logger: Logger
}

export const followLogs = (following: Following): LogFollower => {
  const over = new AbortController()
  const done = followOn(following, over.signal)
  return {
    finish: async () => {
      over.abort()
      await Promise.race([done, delay(MOST_REST_MS, undefined, { ref: false })])
    },
  }
}

/** A disk that is full now has room again some day: it goes on from the place that was noted. */
const followOn = async (following: Following, over: AbortSignal): Promise<void> => {
  const { id, dir, logger } = following
  for (let told = ''; ;) {
    try {
      return await follow(following, over)
    } catch (error) {
      const text = String(error)
      if (text !== told) logger.warn('the output of a container is not captured', { container: id, dir, error: text })
      told = text
      if (over.aborted) return
      await delay(AGAIN_MS, undefined, { signal: over, ref: false }).catch(() => {})
    }
  }
}

const follow = async (following: Following, over: AbortSignal): Promise<void> => {
  const { engine, id, dir, logger } = following
  const path = await logPathOf(following, over)
  const files = openLogFiles(dir, id)
  try {
    const reader = path === undefined ? undefined : openLogFile(path, files.from.file)
    if (reader) return await followFile(reader, files, over)
    if (path !== undefined) logger.info('the log of the engine is not readable; it is asked instead', { path })
    await followTold(engine, id, files, logger, over)
  } finally {
    files.close()
  }
}

/** Undefined when the engine keeps no file. */
const logPathOf = async ({ engine, id, logger }: Following, over: AbortSignal): Promise<string | undefined> => {
  for (;;)
    try {
      return (await engine.state(id))?.logPath || undefined
    } catch (error) {
      logger.debug('an engine was asked for a log', { container: id, reason: String(error) })
      if (over.aborted) return undefined
      await delay(AGAIN_MS, undefined, { signal: over, ref: false }).catch(() => {})
    }
}

const followFile = async (reader: LogFileReader, files: LogFiles, over: AbortSignal): Promise<void> => {
  try {
    for (let last = false; ;) {
      const entries = reader.next()
      if (entries.length > 0) {
        files.write(entries)
        files.note({ file: reader.place() })
        // Others want to run as well, however much there is to read.
        await delay(0)
        continue
      }
      if (last) return
      // Once more after its end: whatever wrote it has written everything by then.
      last = over.aborted
      await delay(LOOK_MS, undefined, { ref: false })
    }
  } finally {
    reader.close()
  }
}

const followTold = async (
  engine: Engine,
  id: string,
  files: LogFiles,
  logger: Logger,
  over: AbortSignal,
): Promise<void> => {
  let place = files.from.told ?? { since: 0, skip: 0, last: 0 }
  const read = async (only: 'what is there' | 'as it comes'): Promise<void> => {
    try {
      await readTold({
        engine,
        id,
        files,
        from: place,
        follow: only === 'as it comes',
        over,
        onPlace: (at) => (place = at),
      })
    } catch (error) {
      logger.debug('the log of a container was interrupted', { container: id, reason: String(error) })
    }
  }
  while (!over.aborted) {
    await read('as it comes')
    await delay(AGAIN_MS, undefined, { signal: over, ref: false }).catch(() => {})
  }
  // A stream that follows may end with the container before it has told everything.
  await read('what is there')
}
