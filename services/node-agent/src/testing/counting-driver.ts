/** A driver without processes: tasks run until a test ends them, and count what a test says. For agents on a virtual clock. */
import type { Driver, Inspected, Stats, Task } from '../drivers/driver.ts'

export interface CountingDriver extends Driver {
  /** By execution; `exit` ends the present attempt. */
  readonly stateOf: Map<string, { in: number; failed: number; inputConnected: boolean }>
  /** `<execution>#<attempt>` of every start and `-<execution>#<attempt>` of every stop, in order. */
  readonly story: string[]
  exit(execution: string, code: number): void
}

const nameOf = ({ execution, attempt }: Task): string => `${execution}#${attempt}`

export const countingDriver = (nowMs: () => number): CountingDriver => {
  const attempts = new Map<string, Inspected>()
  const onExits = new Map<string, () => void>()
  const stateOf: CountingDriver['stateOf'] = new Map()
  const story: string[] = []
  const running = new Map<string, string>()
  const end = (name: string, code: number | null, signal: string | null): void =>
    void attempts.set(name, { is: 'exited', code, signal, at: nowMs() })

  return {
    type: 'process',
    stateOf,
    story,
    prepare: () => undefined,
    start: (task, { onExit }) => {
      const name = nameOf(task)
      attempts.set(name, { is: 'running', pid: 1 })
      onExits.set(name, onExit)
      running.set(task.execution, name)
      if (!stateOf.has(task.execution)) stateOf.set(task.execution, { in: 0, failed: 0, inputConnected: true })
      story.push(name)
      return Promise.resolve()
    },
    inspect: (task) => attempts.get(nameOf(task)) ?? { is: 'absent' },
    signal: () => true,
    stop: (task) => {
      const name = nameOf(task)
      if (attempts.get(name)?.is === 'running') {
        story.push(`-${name}`)
        end(name, null, 'SIGTERM')
      }
      return Promise.resolve()
    },
    stats: ({ execution }): Stats | undefined => {
      const state = stateOf.get(execution)
      return state && { ...state, outputConnected: true }
    },
    exit: (execution, code) => {
      const name = running.get(execution)
      if (name === undefined) return
      end(name, code, null)
      onExits.get(name)?.()
    },
  }
}
