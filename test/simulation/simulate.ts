/** Runs one seed: random commands and faults for a while, then everything heals, and the laws are looked at. */
import type { JobKey, NodeId } from '@dunlin/contracts'
import { sha256 } from '@dunlin/runtime'
import { checkHistory, checkRest, eventTypesOf, readLog, type Broken } from './laws.ts'
import { createWorld, type World } from './world.ts'

export interface SimulationResult {
  readonly seed: number
  readonly commits: number
  readonly simulatedMs: number
  readonly broken: readonly Broken[]
  readonly story: readonly string[]
  /** Hash of the whole log: two runs of a seed must agree. */
  readonly digest: string
}

export interface SimulationOptions {
  readonly seed: number
  /** How many random actions. */
  readonly actions?: number
  readonly nodes?: number
}

/** No seed needs a tenth of it: more means that two parts answer each other for ever. */
const RUNAWAY = 10_000

const PROGRAMS = ['good', 'better', 'best', 'bad', 'crashes', 'short'] as const
const STRATEGIES = ['rolling', 'rolling', 'immediate', 'canary'] as const
const KEYS: readonly JobKey[] = [
  { namespace: 'default', name: 'a' },
  { namespace: 'edge', name: 'b.c/d' },
]

export const simulate = async ({ seed, actions = 40, nodes = 12 }: SimulationOptions): Promise<SimulationResult> => {
  const world = createWorld(seed, nodes)
  const { clock, random } = world
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random.float() * items.length)] as T
  await world.startScheduler()
  await world.startEngine()
  if (random.float() < 0.5) await world.startScheduler()
  if (random.float() < 0.5) await world.startEngine()

  let commands = 0
  const act = actionsOf(world, pick, () => `cmd-${(commands += 1)}`)
  await clock.run(clock.monotonicMs() + 5_000)
  for (let n = 0; n < actions; n += 1) {
    await pick(act)()
    await restartsDue(world)
    const pause = random.float() < 0.3 ? random.float() * 100 : random.float() * 8_000
    await clock.run(clock.monotonicMs() + pause, () => world.seq() > RUNAWAY)
  }
  await heal(world)
  await clock.run(clock.monotonicMs() + 20 * 60_000, () => world.seq() > RUNAWAY)

  const log = await readLog(world)
  const { broken, fold } = checkHistory(world, log)
  if (log.length > RUNAWAY) broken.push({ law: 'L5 the world comes to rest', detail: `${log.length} commits` })
  else broken.push(...(await checkRest(world, fold)))
  const digest = sha256(
    log.map(({ seq, subject, data }) => `${seq} ${subject} ${Buffer.from(data).toString()}`).join('\n'),
  )
  const story =
    broken.length === 0
      ? []
      : [...world.story, ...log.map((r) => `${String(r.seq).padStart(6)}  ${r.subject}  ${eventTypesOf(r)}`)]
  world.agents.stop()
  for (const instance of world.instances.slice()) instance.crash()
  return { seed, commits: log.length, simulatedMs: clock.monotonicMs(), broken, story, digest }
}

/** Instances whose time to come back has come; loading a snapshot takes real time, so it waits for a pause of the clock. */
const restartsDue = async (world: World): Promise<void> => {
  for (const role of world.restarts.splice(0))
    await (role === 'scheduler' ? world.startScheduler() : world.startEngine())
}

/** The things that can happen; those that are listed more often happen more often. */
const actionsOf = (
  world: World,
  pick: <T>(items: readonly T[]) => T,
  nextId: () => string,
): readonly (() => void | Promise<void>)[] => {
  const { random, store, agents, clock } = world
  const node = (): NodeId => pick([...agents.nodes.keys()])
  let last: (() => Promise<void>) | undefined
  const send = (command: () => Promise<void>): void => {
    last = command
    void command()
  }
  const apply = (): void => {
    const strategy = pick(STRATEGIES)
    const [key, program, id] = [pick(KEYS), pick(PROGRAMS), nextId()]
    const rollout = {
      strategy,
      max_parallel: pick([10, 34, 100]),
      ...(strategy === 'canary' ? { auto_promote: true } : {}),
      health_check: { interval: '1s', success_threshold: 2, failure_threshold: 2, deadline: '60s' },
    }
    const selector = pick([{ match_labels: { env: 'production' } }, { match_labels: { env: 'production' } }, {}])
    send(() => world.apply(key, program, { selector, rollout }, id))
  }
  const silence = (): void => {
    const id = node()
    const forMs = random.float() * 120_000
    world.tell(`${id} is silent for ${Math.round(forMs / 1000)} s`)
    agents.silence(id, true)
    clock.after(forMs, () => agents.silence(id, false))
  }
  const crash = (): void => {
    const victim = world.instances.length === 0 ? undefined : pick(world.instances)
    if (victim === undefined) return
    victim.crash()
    const role = victim.name.startsWith('scheduler') ? 'scheduler' : 'engine'
    clock.after(random.float() * 15_000, () => void world.restarts.push(role))
  }
  return [
    apply,
    apply,
    apply,
    () => {
      const [key, id] = [pick(KEYS), nextId()]
      send(() => world.send(key, { verb: 'stop' }, id))
    },
    () => {
      const [key, id] = [pick(KEYS), nextId()]
      send(() => world.send(key, { verb: 'delete', force: random.float() < 0.5 }, id))
    },
    () => world.takeSnapshot(),
    // The same command again, with the same id: it must take effect once.
    () => void last?.(),
    crash,
    crash,
    silence,
    silence,
    () => {
      world.tell('acknowledgements are lost')
      store.faults.log.loseNextAcks(1 + Math.floor(random.float() * 4))
    },
    () => {
      world.tell('messages of the bus are lost')
      store.faults.bus.loseNext(1 + Math.floor(random.float() * 300))
    },
    () => {
      world.tell('the log is cut off')
      store.faults.log.cut()
      clock.after(random.float() * 4_000, () => store.faults.log.restore())
    },
    () => {
      const late = random.float() * 500
      world.tell(`followers lag by ${Math.round(late)} ms`)
      store.faults.log.delayDelivery(late)
      clock.after(10_000, () => store.faults.log.delayDelivery(0))
    },
    () => {
      world.tell('the bus is deaf')
      store.faults.bus.setLive(false)
      clock.after(random.float() * 20_000, () => store.faults.bus.setLive(true))
    },
    () => {
      world.tell('the log is full')
      store.faults.log.refuseAppends('log_full')
      clock.after(random.float() * 3_000, () => store.faults.log.refuseAppends(undefined))
    },
    () => clock.jumpWall((random.float() - 0.5) * 60_000),
  ]
}

const heal = async (world: World): Promise<void> => {
  const { store, agents } = world
  world.tell('everything heals')
  store.faults.log.restore()
  store.faults.log.refuseAppends(undefined)
  store.faults.log.delayDelivery(0)
  store.faults.bus.setLive(true)
  for (const id of agents.nodes.keys()) agents.silence(id, false)
  await world.startScheduler()
  await world.startEngine()
}
