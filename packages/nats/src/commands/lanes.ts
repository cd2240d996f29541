/** One lane per job: its commands run one after another, and a command that fails is tried again in its place. */
import { setTimeout as pause } from 'node:timers/promises'
import type { QueuedCommand } from '@dunlin/eventstore'

export interface Lanes {
  add(lane: string, command: QueuedCommand): void
  /** Everything that waits or runs. */
  held(): Iterable<QueuedCommand>
  /** Drops what waits: it will be delivered again. What runs, runs on. */
  forget(): void
  stop(): void
}

const FIRST_RETRY_MS = 50
const LONGEST_RETRY_MS = 5_000

export const createLanes = (handler: (command: QueuedCommand) => Promise<void>): Lanes => {
  const waiting = new Map<string, QueuedCommand[]>()
  const running = new Set<QueuedCommand>()
  let stopped = false
  let generation = 0
  const wanted = (of: number): boolean => !stopped && of === generation

  const attempt = async (command: QueuedCommand): Promise<void> => {
    const mine = generation
    for (let retryMs = FIRST_RETRY_MS; wanted(mine); retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)) {
      try {
        return await handler(command)
      } catch {
        // The handler reports what it could not do; here only the place in the line matters.
        await pause(retryMs)
      }
    }
  }

  const drain = async (lane: string, line: QueuedCommand[]): Promise<void> => {
    for (let next = line.shift(); next !== undefined; next = line.shift()) {
      running.add(next)
      await attempt(next)
      running.delete(next)
    }
    waiting.delete(lane)
  }

  /** A busy process may be given a command again that it still has; the answer to the first delivery counts for both. */
  const holds = (lane: string, seq: number): boolean => {
    for (const command of running) if (command.seq === seq) return true
    return waiting.get(lane)?.some((command) => command.seq === seq) ?? false
  }

  return {
    add: (lane, command) => {
      if (stopped || holds(lane, command.seq)) return
      const line = waiting.get(lane)
      if (line !== undefined) {
        line.push(command)
        return
      }
      const fresh = [command]
      waiting.set(lane, fresh)
      void drain(lane, fresh)
    },
    *held() {
      yield* running
      for (const line of waiting.values()) yield* line
    },
    forget: () => {
      generation++
      for (const line of waiting.values()) line.length = 0
    },
    stop: () => {
      stopped = true
      for (const line of waiting.values()) line.length = 0
    },
  }
}
