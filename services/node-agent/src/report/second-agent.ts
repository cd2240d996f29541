/** Remembers for a while that another agent claims this node's identity: a cloned disk is a matter for people. */
import type { BootId } from '@dunlin/contracts/agent'
import type { Clock, Timer } from '@dunlin/runtime/agent'
import type { Problems } from './problems.ts'

/** How long after it was last heard it is told. */
const TOLD_FOR_MS = 15 * 60_000

export const watchSecondAgent = (clock: Clock, problems: Problems) => {
  let timer: Timer | undefined
  return {
    seen: (boot: BootId): void => {
      const message = `A second agent (boot ${boot}) wants to run as this node: is there a copy of its data directory?`
      problems.raise('identity', { code: 'second_agent', message })
      timer?.cancel()
      timer = clock.after(TOLD_FOR_MS, () => problems.clear('identity'))
    },
    stop: (): void => timer?.cancel(),
  }
}
