/** Has the logs of what runs bounded as often as each needs: a task that writes fast is looked at more often. */
import type { Clock } from '@dunlin/runtime/agent'
import type { Driver, Task } from '../drivers/driver.ts'
import type { Execution } from './execution.ts'

export interface LogWatch {
  /** Bounds what is due; returns when the next one is, monotonic. */
  look(running: Iterable<readonly [Execution, { readonly task: Task; readonly driver: Driver } | undefined]>): number
}

/** For drivers that do not say when they want to be asked again. */
const DEFAULT_PAUSE_MS = 5_000

export const createLogWatch = (clock: Clock): LogWatch => {
  const dueMs = new WeakMap<Execution, number>()
  return {
    look: (running) => {
      let nextMs = Infinity
      for (const [one, ready] of running) {
        if (!ready?.driver.rotateLogs) continue
        const due = dueMs.get(one) ?? 0
        const after =
          clock.monotonicMs() >= due
            ? clock.monotonicMs() + (ready.driver.rotateLogs(ready.task) ?? DEFAULT_PAUSE_MS)
            : due
        dueMs.set(one, after)
        nextMs = Math.min(nextMs, after)
      }
      return nextMs
    },
  }
}
