/**
 * Rollout engine and scheduler in the bench's own process on the in-memory log, with a clock that only moves when told to
 * and a played fleet: what the services themselves cost, without server, sockets and agents. Heartbeats go straight to
 * who subscribed to them.
 */
import type { Commit, JobSubjectEvent, Labels } from '@dunlin/contracts'
import { parseJobKeyText } from '@dunlin/contracts'
import type { Bus, BusMessage, Recorded } from '@dunlin/eventstore'
import { createMemoryStore } from '@dunlin/eventstore/memory'
import { HEARTBEATS, parseLogSubject } from '@dunlin/nats'
import { startRolloutEngine, type RunningEngine } from '@dunlin/rollout-engine'
import { silentLogger, systemRandom } from '@dunlin/runtime'
import { startScheduler, type RunningScheduler } from '@dunlin/scheduler'
import { createVirtualClock, type VirtualClock } from '@dunlin/testkit'
import { collectGarbage } from '../measure/garbage.ts'
import { createPlayedFleet, type PlayedFleet } from '../played/fleet.ts'
import type { Beats } from '../played/beats.ts'
import type { PlayedNode } from '../played/node.ts'
import { createPerson, type Person } from '../played/person.ts'

export interface InMemory {
  readonly clock: VirtualClock
  readonly fleet: PlayedFleet
  readonly person: Person
  /** Lets time pass, which also lets everything settle that is under way. */
  run(ms: number): Promise<void>
  /** Waits for work of the bench's own while time passes. */
  through<T>(work: Promise<T>): Promise<T>
  /** These of the heartbeats, `to` not included. */
  deliver(beats: Beats, from: number, to: number): void
  /** Commits of jobs since the last call; the fleet has heard them. */
  heard(): readonly Heard[]
  /** Nodes granted in these commits say in the log that they run. */
  report(heard: readonly Heard[]): Promise<void>
  /** From now on only this service runs, and nobody applies anything: the process holds what its process would. */
  leave(only: 'engine' | 'scheduler'): Promise<void>
  stop(): Promise<void>
}

export interface Heard {
  readonly events: readonly JobSubjectEvent[]
  readonly key: string
  readonly granted: readonly PlayedNode[]
}

/** Any fixed instant: figures must not depend on the day. */
const BEGAN = 1_700_000_000_000

const withoutResponse = (): boolean => false

export const startInMemory = async (
  count: number,
  options: { readonly scheduler: boolean; readonly labels?: (index: number) => Labels },
): Promise<InMemory> => {
  const clock = createVirtualClock(BEGAN)
  const store = createMemoryStore({ clock })
  const listeners = new Set<(message: BusMessage) => void>()
  const bus: Bus = {
    ...store.bus,
    subscribe: (subject, handler, more) => {
      if (subject !== HEARTBEATS) return store.bus.subscribe(subject, handler, more)
      listeners.add(handler)
      return { stop: () => void listeners.delete(handler) }
    },
  }
  const jobCommits: Recorded[] = []
  store.faults.log.tap({
    onStored: (recorded) => void (recorded.subject.startsWith('evt.job.') && jobCommits.push(recorded)),
    onRewound: () => {},
  })
  const ports = { ...store, bus, clock, random: systemRandom, logger: silentLogger }
  let engine: RunningEngine | undefined = startRolloutEngine(ports, { owner: 'bench' })
  let scheduler: RunningScheduler | undefined = options.scheduler
    ? startScheduler(ports, { owner: 'bench' })
    : undefined
  const fleet = createPlayedFleet(count, options.labels)
  let person: Person | undefined = createPerson(store, clock)
  const run = (ms: number): Promise<void> => clock.run(clock.monotonicMs() + ms)

  const through = async <T>(work: Promise<T>): Promise<T> => {
    const under = { way: true }
    const end = (): void => void (under.way = false)
    work.then(end, end)
    while (under.way) await run(1)
    return work
  }

  await through(Promise.all([engine.ready, scheduler?.ready, person.caughtUp]))
  await through(fleet.join(store.log, clock.nowMs()))
  await run(100)

  return {
    clock,
    fleet,
    get person() {
      if (person === undefined) throw new Error('nobody is left to apply anything')
      return person
    },
    run,
    through,
    deliver: (beats, from, to) => {
      for (let i = from; i < to; i += 1) {
        const message = { subject: beats.subject(i), data: beats.data(i), headers: {}, respond: withoutResponse }
        for (const listener of listeners) listener(message)
      }
    },
    heard: () =>
      jobCommits.splice(0).map((recorded) => {
        const key = parseLogSubject(recorded.subject)?.key ?? ''
        const commit = JSON.parse(Buffer.from(recorded.data).toString('utf8')) as Commit<JobSubjectEvent>
        const granted = fleet.hear(parseJobKeyText(key), commit, recorded, clock.monotonicMs())
        return { key, events: commit.ev, granted }
      }),
    report: async (heard) => {
      for (const { key, granted } of heard)
        await through(fleet.report(store.log, parseJobKeyText(key), granted, clock.nowMs()))
    },
    leave: async (only) => {
      await through(Promise.all([only === 'engine' ? scheduler?.stop() : engine?.stop(), person?.stop()]))
      person = undefined
      if (only === 'engine') scheduler = undefined
      else engine = undefined
      collectGarbage()
    },
    stop: async () => {
      await through(Promise.all([engine?.stop(), scheduler?.stop(), person?.stop()]))
    },
  }
}
