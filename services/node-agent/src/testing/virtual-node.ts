/** An agent on a virtual clock with tasks that are only counted: hours pass in milliseconds, and only when told. */
import type { Heartbeat, JournalId } from '@dunlin/contracts/agent'
import { silentLogger, type Clock } from '@dunlin/runtime/agent'
import { join } from 'node:path'
import type { RunningAgent } from '../agent.ts'
import { openJournal } from '../journal/open-journal.ts'
import { defaultTimings } from '../options.ts'
import { createCentre, type Centre } from './centre.ts'
import { countingDriver, type CountingDriver } from './counting-driver.ts'
import { newId, startNode } from './node.ts'

const WALL_MS = Date.UTC(2026, 0, 1)

/** What a test hands in: only tests may use the kit that makes one. */
export interface VirtualClock extends Clock {
  jumpWall(byMs: number): void
  run(untilMono: number): Promise<void>
}

export interface VirtualNode {
  readonly centre: Centre
  readonly clock: VirtualClock
  readonly driver: CountingDriver
  /** Acknowledgements of reports wait while it is true; questions for documents fail while it is true. */
  readonly gate: { acknowledgements: boolean; documents: boolean }
  pass(ms: number): Promise<void>
  /** Ends the agent, not its tasks, and starts the next one, whose wall clock shows `jumpMs` more than it should. */
  restart(jumpMs: number): Promise<void>
  stop(): Promise<void>
}

export const startVirtualNode = async (
  dataDir: string,
  createVirtualClock: (startMs: number) => VirtualClock,
): Promise<VirtualNode> => {
  const centre = createCentre()
  let clock = createVirtualClock(WALL_MS)
  const driver = countingDriver(() => clock.nowMs())
  const gate = { acknowledgements: false, documents: false }
  const gated: Centre = {
    ...centre,
    reports: {
      last: (subject) => centre.reports.last(subject),
      append: async (request) => {
        const result = await centre.reports.append(request)
        while (gate.acknowledgements) await new Promise<void>((resolve) => clock.after(10, resolve))
        return result
      },
    },
    desired: {
      get: (key) => (gate.documents ? Promise.reject(new Error('not now')) : centre.desired.get(key)),
    },
  }
  const start = async (): Promise<RunningAgent> => {
    const file = join(dataDir, 'journal.db')
    const journal = openJournal({ file, newId: () => newId() as JournalId, logger: silentLogger, reserve: false })
    const timings = { ...defaultTimings, pollMs: 500 }
    const agent = await startNode(gated, { dataDir, clock, journal, drivers: [driver], timings })
    await clock.run(clock.monotonicMs() + 1)
    await agent.announced
    return agent
  }
  const end = (agent: RunningAgent): Promise<unknown> =>
    Promise.all([agent.stop(), clock.run(clock.monotonicMs() + 5_000)])
  let agent = await start()
  return {
    centre,
    get clock() {
      return clock
    },
    driver,
    gate,
    pass: (ms) => clock.run(clock.monotonicMs() + ms),
    restart: async (jumpMs) => {
      await end(agent)
      clock = createVirtualClock(clock.nowMs() + jumpMs)
      agent = await start()
    },
    stop: async () => void (await end(agent)),
  }
}

/** The first beat that showed the end of a window of an execution. */
export const firstWith = (beats: readonly Heartbeat[], execution: string, n: number): Heartbeat | undefined =>
  beats.find(({ ex }) => ex.some(({ x, w }) => x === execution && w?.some(([number]) => number === n)))
