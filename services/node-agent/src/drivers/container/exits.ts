/** How a container's end is told: the cause, where it can be known, and what can only be guessed as a guess. */
import { constants } from 'node:os'
import type { Inspected } from '../driver.ts'
import type { ContainerState } from './engine.ts'
import type { ContainerExit } from './task-file.ts'

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]))
const KILLED = 128 + constants.signals.SIGKILL

export const exitOf = (
  state: Extract<ContainerState, { is: 'exited' }>,
  { memory, killedByUs }: { readonly memory: number | undefined; readonly killedByUs: boolean },
): ContainerExit => {
  const { code, oom, at, error } = state
  const guess =
    code === KILLED && !oom && !killedByUs && memory !== undefined
      ? `It was ended by signal 9. Its memory is limited to ${memory} bytes; the engine does not say whether that was why.`
      : undefined
  const told = error ?? guess
  return { code, oom, at, ...(told === undefined ? {} : { error: told }) }
}

export const inspectedOf = ({ code, oom, at, error }: ContainerExit): Inspected => {
  if (code === null) return { is: 'lost' }
  const signal = code > 128 ? (signalNames.get(code - 128) ?? null) : null
  if (oom) {
    const message = 'The container took more memory than it may (resources.memory) and was ended.'
    return { is: 'exited', code, signal, at, error: { code: 'out_of_memory', message } }
  }
  if (code === 0 || error === undefined) return { is: 'exited', code, signal, at }
  return { is: 'exited', code, signal, at, error: { code: 'exited', message: error } }
}
