/** The tasks of an agent as the machine sees them. */
import { killTasks } from '@dunlin/node-agent'
import { setTimeout as pause } from 'node:timers/promises'
import { shimsBelow } from '../measure/process-cost.ts'

const WITHIN_MS = 60_000

export const untilShims = async (dataDir: string, count: number): Promise<void> => {
  const deadline = performance.now() + WITHIN_MS
  while (shimsBelow(dataDir).length !== count) {
    if (performance.now() > deadline) throw new Error(`${shimsBelow(dataDir).length} tasks run, not ${count}`)
    await pause(50)
  }
}

/** Tasks outlive their agent. */
export const endTasks = async (dataDir: string): Promise<void> => void (await killTasks(dataDir, 0))
