/**
 * One simulated world: the in-memory store, services behind plugs, agents, a person who sends commands; one clock, one
 * seed. Who draws chances draws from a stream of his own, so that leaving an action out changes little else.
 */
import type { JobKey, NodeId, Sha256 } from '@dunlin/contracts'
import { foldings } from '@dunlin/domain'
import { createFold, followInto, writeSnapshot } from '@dunlin/eventstore'
import { createMemoryStore, type MemoryStore } from '@dunlin/eventstore/memory'
import { doorbellSubject, parseLogSubject } from '@dunlin/nats'
import { startSimulatedAgents, type SimulatedFleet } from '@dunlin/node-agent'
import { ENGINE_FOLD } from '@dunlin/rollout-engine'
import { seededRandom, silentLogger, type Logger } from '@dunlin/runtime'
import { SCHEDULER_FOLD } from '@dunlin/scheduler'
import { createVirtualClock, type VirtualClock } from '@dunlin/testkit'
import type { Role, Weather } from '../scenario/types.ts'
import { createPerson, type Person } from './person.ts'
import { createIlliterate, type Illiterate } from './illiterate.ts'
import { contentOfSpec, nodeName, scriptsFor, specOf } from './programs.ts'
import { createServices, type Services } from './services.ts'
import { fateOf } from './weather.ts'

const START_MS = Date.UTC(2026, 0, 1)

export interface WorldOptions {
  readonly seed: number
  readonly nodes: number
  readonly sites?: number
  readonly noisy?: readonly number[]
  /** Ticks and heartbeats of long simulated times. */
  readonly slow?: boolean
  readonly logger?: Logger
  readonly nodeId?: (index: number) => NodeId
  readonly startMs?: number
}

export interface World extends Services, Person, Pick<Illiterate, 'stopReading' | 'readsNothing'> {
  readonly clock: VirtualClock
  readonly store: MemoryStore
  readonly agents: SimulatedFleet
  readonly story: string[]
  readonly tell: (line: string) => void
  /** Simulated time passes; services that are due come back in between. */
  pass(ms: number, stop?: () => boolean): Promise<void>
  setWeather(weather: Weather | undefined): void
  /** Sends a spec; throws when the parser refuses it, because scenarios mean what they say. */
  apply(key: JobKey, program: string, more: Readonly<Record<string, unknown>>, id: string): void
  /** What the leaders write from time to time; here at a moment that the scenario decides. */
  takeSnapshot(): Promise<void>
  startAll(roles: Readonly<Record<Role, number>>): Promise<void>
  end(): void
}

export const createWorld = (options: WorldOptions): World => {
  const { seed, nodes, sites = 1, slow = false, logger = silentLogger } = options
  const nodeId = options.nodeId ?? nodeName
  const clock = createVirtualClock(options.startMs ?? START_MS)
  const store = createMemoryStore({ clock, doorbell: doorbellSubject, leaseTtlMs: slow ? 60_000 : 10_000 })
  const [forServices, forAgents, forWeather] = [1, 2, 3].map((n) => seededRandom(seed * 4 + n)) as [
    ReturnType<typeof seededRandom>,
    ReturnType<typeof seededRandom>,
    ReturnType<typeof seededRandom>,
  ]
  const contents = new Map<Sha256, string>()
  const noisy = new Set((options.noisy ?? []).map(nodeId))
  const story: string[] = []
  const tell = (line: string): void =>
    void story.push(`${(clock.monotonicMs() / 1000).toFixed(3).padStart(10)} s  ${line}`)

  const illiterate = createIlliterate(store, tell)
  const agents = startSimulatedAgents(
    { ...illiterate.ports, reports: store.log, clock, random: forAgents, logger },
    {
      count: nodes,
      nodeId,
      labels: (i) => ({ env: i % 4 === 3 ? 'test' : 'production', 'dunlin.io/site': `site-${i % sites}` }),
      scripts: scriptsFor(contents, noisy),
      tickMs: slow ? 1_000 : 100,
    },
  )
  const services = createServices({ store, clock, random: forServices, logger, slow, tell })
  const person = createPerson(store, tell)

  // An operator's own eyes: snapshots are taken of this fold.
  const fold = createFold({ route: parseLogSubject, kinds: foldings })
  followInto(fold, store.log, { archive: store.archive, clock })

  const pass = async (ms: number, stop?: () => boolean): Promise<void> => {
    const untilMono = clock.monotonicMs() + ms
    for (let over = false; !over; over = clock.monotonicMs() >= untilMono || stop?.() === true) {
      await clock.run(untilMono, () => services.due.length > 0 || stop?.() === true)
      for (const role of services.due.splice(0)) await services.start(role)
    }
  }

  return {
    ...services,
    ...person,
    clock,
    store,
    agents,
    story,
    tell,
    pass,
    stopReading: illiterate.stopReading,
    readsNothing: illiterate.readsNothing,
    setWeather: (weather) => store.faults.bus.setFate(weather === undefined ? undefined : fateOf(weather, forWeather)),
    apply: (key, program, more, id) => {
      const spec = specOf(key, program, more)
      contents.set(contentOfSpec(spec), program)
      person.send({ id, key, verb: 'apply', body: { spec } })
    },
    takeSnapshot: async () => {
      const { position } = fold
      if (position === undefined) return
      tell(`snapshot at ${position.seq}`)
      const documents: [string, number][] = []
      for (const key of fold.table('job').keys())
        for (const node of fold.get('job', key)?.state.rollouts.grants.keys() ?? [])
          documents.push([node, position.seq])
      for (const [name, version] of [
        ['scheduler', SCHEDULER_FOLD],
        ['rollout-engine', ENGINE_FOLD],
      ] as const)
        await writeSnapshot(store.snapshots, name, { ...fold, position, version }, { documents })
    },
    startAll: async (roles) => {
      for (const role of ['scheduler', 'engine', 'api'] as const)
        for (let n = 0; n < roles[role]; n += 1) await services.start(role)
    },
    end: () => {
      agents.stop()
      for (const instance of services.instances.slice()) instance.crash()
    },
  }
}
