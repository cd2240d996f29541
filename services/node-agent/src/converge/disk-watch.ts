/**
 * Measures what a task has on disk, where its content limits that. A kernel quota would need a file system for it; so a
 * task may be above its limit for as long as one look and the pause before it take.
 */
import type { Clock } from '@dunlin/runtime/agent'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { limitsOf } from '../cgroups/limits.ts'
import type { Task } from '../drivers/driver.ts'
import type { Execution } from './execution.ts'

export interface DiskWatch {
  /** Measures when it is time to. */
  look(one: Execution, task: Task | undefined): void
}

/** A look may take a twentieth of the time. */
const PAUSE_LEAST_MS = 1_000
const PAUSE_LOOKS = 20

export const createDiskWatch = (clock: Clock, onChange: () => void): DiskWatch => {
  const dueMs = new WeakMap<Execution, number>()
  return {
    look: (one, task) => {
      if (one.phase.is !== 'running' || !task || clock.monotonicMs() < (dueMs.get(one) ?? 0)) return
      const { disk } = limitsOf(task.content)
      if (disk === undefined) return void dueMs.set(one, Infinity)
      const { attempt } = task
      dueMs.set(one, Infinity)
      const begunMs = clock.monotonicMs()
      void measure([join(task.dir, 'local'), join(task.dir, 'tmp'), task.stateDir], disk).then((bytes) => {
        const tookMs = clock.monotonicMs() - begunMs
        dueMs.set(one, clock.monotonicMs() + Math.max(PAUSE_LEAST_MS, tookMs * PAUSE_LOOKS))
        if (bytes <= disk || one.phase.is !== 'running' || one.local.attempt !== attempt) return
        one.failure = {
          code: 'disk_quota',
          message: `The task has more than ${disk} bytes in its directories.`,
          hint: 'Raise resources.disk, or find out what fills them.',
        }
        one.phase = { ...one.phase, failed: 'disk_quota' }
        onChange()
      })
    },
  }
}

/** Bytes that the folders take, or the first number above `most`. What vanishes meanwhile counts nothing. */
const measure = async (folders: readonly string[], most: number): Promise<number> => {
  let bytes = 0
  const uncounted = [...folders]
  for (let folder = uncounted.pop(); folder !== undefined && bytes <= most; folder = uncounted.pop()) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) uncounted.push(path)
      const stat = await lstat(path).catch(() => undefined)
      // Blocks, not sizes: a sparse file takes what it takes.
      bytes += (stat?.blocks ?? 0) * 512
      if (bytes > most) break
    }
  }
  return bytes
}
