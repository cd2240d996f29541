/**
 * Has the logs of what runs bounded as often as each needs. A task that writes is looked at, the more often the faster it
 * writes; one that is quiet is watched, and looked at again when it writes. A watch can be lost, or not be had at all (the
 * machine's limits for inotify), so even a quiet task is looked at now and then.
 */
import type { Clock, Logger } from '@dunlin/runtime/agent'
import { join } from 'node:path'
import type { Driver, Task } from '../drivers/driver.ts'
import type { Execution } from './execution.ts'
import { watchFolder, type FolderWatch, type WatchFolder } from './folder-watch.ts'

export interface LogWatch {
  /** Bounds what is due; returns when the next one is, monotonic. What is not among these is not watched any more. */
  look(writing: Iterable<readonly [Execution, { readonly task: Task; readonly driver: Driver } | undefined]>): number
  stop(): void
}

interface LogWatchDeps {
  readonly clock: Clock
  readonly logger: Logger
  /** A quiet task writes: look again now. */
  readonly onWritten: () => void
  readonly watch?: WatchFolder
}

/** For drivers that do not say when they want to be asked again. */
const DEFAULT_PAUSE_MS = 5_000
/** Between two looks at a quiet task: with a watch, and where there can be none. */
const WATCHED_MS = 10_000
const UNWATCHED_MS = 250
/** How long no watch is asked for after one was refused. */
const REFUSED_MS = 60_000

interface Watched {
  dueMs: number
  /** At the last look: its command may write from the moment at which it runs. */
  phase: Execution['phase']['is']
  watch?: FolderWatch | undefined
}

export const createLogWatch = ({ clock, logger, onWritten, watch = watchFolder }: LogWatchDeps): LogWatch => {
  const all = new Map<Execution, Watched>()
  let refusedUntilMs = -Infinity
  let told = false

  const arm = (one: Watched, task: Task): boolean => {
    if (clock.monotonicMs() < refusedUntilMs) return false
    try {
      one.watch = watch(join(task.dir, 'logs'), () => {
        one.watch = undefined
        one.dueMs = -Infinity
        onWritten()
      })
      return true
    } catch (error) {
      // A folder that is not there yet is no limit.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
      refusedUntilMs = clock.monotonicMs() + REFUSED_MS
      if (!told) logger.warn('logs cannot be watched; they are looked at instead', { reason: String(error) })
      told = true
      return false
    }
  }

  const pauseMs = (one: Watched, { task, driver }: { readonly task: Task; readonly driver: Driver }): number => {
    const ask = (): number => driver.rotateLogs?.(task) ?? DEFAULT_PAUSE_MS
    const firstMs = ask()
    if (firstMs !== Infinity) return firstMs
    if (one.watch) return WATCHED_MS
    if (!arm(one, task)) return UNWATCHED_MS
    // What was written between the look and the watch nobody would tell.
    const secondMs = ask()
    return secondMs === Infinity ? WATCHED_MS : secondMs
  }

  return {
    look: (writing) => {
      let nextMs = Infinity
      const gone = new Set(all.keys())
      for (const [execution, ready] of writing) {
        if (!ready?.driver.rotateLogs) continue
        gone.delete(execution)
        let one = all.get(execution)
        if (!one) all.set(execution, (one = { dueMs: -Infinity, phase: execution.phase.is }))
        if (clock.monotonicMs() >= one.dueMs || one.phase !== execution.phase.is) {
          one.phase = execution.phase.is
          // A time that the watch may set back while it is asked for.
          one.dueMs = Infinity
          const afterMs = clock.monotonicMs() + pauseMs(one, ready)
          one.dueMs = Math.min(one.dueMs, afterMs)
        }
        nextMs = Math.min(nextMs, one.dueMs)
      }
      for (const execution of gone) {
        all.get(execution)?.watch?.close()
        all.delete(execution)
      }
      return nextMs
    },
    stop: () => {
      for (const { watch: open } of all.values()) open?.close()
      all.clear()
    },
  }
}
