/** One simulated world: the in-memory store, services behind plugs, agents, a person who sends commands; one clock, one seed. */
import {
  canonicalJson,
  contentOf,
  jobKeyText,
  parseJobSpec,
  type JobId,
  type JobKey,
  type NodeId,
  type Sha256,
} from '@dunlin/contracts'
import { decideJob, foldings, type JobCommand } from '@dunlin/domain'
import { createCommandHandler, createFold, followInto, loadSnapshot, writeSnapshot } from '@dunlin/eventstore'
import { createMemoryStore } from '@dunlin/eventstore/memory'
import { doorbellSubject, jobSubject, parseLogSubject } from '@dunlin/nats'
import { startSimulatedAgents, type Scripts } from '@dunlin/node-agent'
import { ENGINE_FOLD, startRolloutEngine } from '@dunlin/rollout-engine'
import { seededRandom, sha256, silentLogger, type Logger, type Random } from '@dunlin/runtime'
import { SCHEDULER_FOLD, startScheduler } from '@dunlin/scheduler'
import { createVirtualClock, plug, type Plugged } from '@dunlin/testkit'

const START_MS = Date.UTC(2026, 0, 1)
const LEASE = { ttlMs: 10_000, renewMs: 3_000 }

export interface Instance {
  readonly name: string
  crash(): void
}

export interface World {
  readonly random: Random
  readonly clock: ReturnType<typeof createVirtualClock>
  readonly store: ReturnType<typeof createMemoryStore>
  readonly agents: ReturnType<typeof startSimulatedAgents>
  readonly instances: Instance[]
  /** Crashed roles that are due to come back. */
  readonly restarts: ('scheduler' | 'engine')[]
  /** Command ids whose success was acknowledged to the person. */
  readonly acknowledged: Map<string, { readonly job: string; readonly seq: number }>
  readonly story: string[]
  tell(line: string): void
  /** How far the log has come. */
  seq(): number
  /** Both begin at the last snapshot when there is one. */
  startScheduler(): Promise<void>
  startEngine(): Promise<void>
  /** What the leaders write from time to time; here at a moment that the seed decides. */
  takeSnapshot(): Promise<void>
  apply(key: JobKey, program: string, more: Readonly<Record<string, unknown>>, id: string): Promise<void>
  send(key: JobKey, command: { verb: 'stop' } | { verb: 'delete'; force: boolean }, id: string): Promise<void>
}

/** Nodes on which the program `bad` fails its messages, and those on which every program does. */
const scriptsFor = (contents: ReadonlyMap<Sha256, string>, noisy: ReadonlySet<NodeId>): Scripts => {
  return ({ content, node }) => {
    const program = contents.get(content) ?? ''
    if (program === 'bad') return { inPerSecond: 20, failedPerSecond: 15 }
    if (program === 'crashes') return { ends: { afterMs: 300, as: 'failed', message: 'exit code 1' } }
    if (program === 'short') return { ends: { afterMs: 2_000, as: 'completed' } }
    return { inPerSecond: 20, failedPerSecond: noisy.has(node) ? 15 : 0 }
  }
}

export const createWorld = (seed: number, nodes: number, logger: Logger = silentLogger): World => {
  const random = seededRandom(seed)
  const clock = createVirtualClock(START_MS)
  const store = createMemoryStore({ clock, doorbell: doorbellSubject })
  const contents = new Map<Sha256, string>()
  const noisy = new Set<NodeId>(random.float() < 0.3 ? ['sim-000002' as NodeId] : [])
  const story: string[] = []
  const tell = (line: string): void =>
    void story.push(`${(clock.monotonicMs() / 1000).toFixed(3).padStart(10)} s  ${line}`)
  const instances: Instance[] = []
  const acknowledged: World['acknowledged'] = new Map()

  const agents = startSimulatedAgents(
    { bus: store.bus, reports: store.log, desired: store.desired, clock, random, logger },
    {
      count: nodes,
      labels: (i) => ({ env: i % 4 === 3 ? 'test' : 'production' }),
      scripts: scriptsFor(contents, noisy),
    },
  )

  const run = (name: string, start: (plugged: Plugged) => void): void => {
    const plugged = plug(store, clock)
    start(plugged)
    const instance: Instance = {
      name,
      crash: () => {
        plugged.pull()
        instances.splice(instances.indexOf(instance), 1)
        tell(`kill -9 ${name}`)
      },
    }
    instances.push(instance)
    tell(`start ${name}`)
  }
  let started = 0
  const ownerOf = (role: string): string => `${role}-${(started += 1)}`

  // The person: an intake with a fold of its own, as the API has.
  const fold = createFold({ route: parseLogSubject, kinds: foldings })
  followInto(fold, store.log, { archive: store.archive, clock })
  const handler = createCommandHandler({ log: store.log, fold, sha256, clock })
  const handle = async (key: JobKey, command: JobCommand): Promise<void> => {
    const done = await handler.handle({
      subject: jobSubject(key),
      kind: 'job',
      key: jobKeyText(key),
      command: {
        id: command.id,
        by: 'user:sim',
        at: command.at,
        ...(command.req === undefined ? {} : { req: command.req }),
      },
      decide: ({ state }) => decideJob(state, command),
    })
    tell(`${command.verb} ${key.name} (${command.id}): ${done.ok ? `at ${done.seq}` : done.error.code}`)
    if (done.ok && done.committed > 0) acknowledged.set(command.id, { job: jobKeyText(key), seq: done.seq })
  }

  return {
    random,
    clock,
    store,
    agents,
    instances,
    restarts: [],
    acknowledged,
    story,
    tell,
    seq: () => fold.position?.seq ?? 0,
    startScheduler: async () => {
      const owner = ownerOf('scheduler')
      const snapshot = await loadSnapshot(store.snapshots, 'scheduler', SCHEDULER_FOLD)
      const options = { owner, lease: LEASE, snapshot, snapshotEvery: Infinity }
      run(owner, (at) => startScheduler({ ...at.store, clock: at.clock, random, logger }, options))
    },
    startEngine: async () => {
      const owner = ownerOf('engine')
      const snapshot = await loadSnapshot(store.snapshots, 'rollout-engine', ENGINE_FOLD)
      const options = { owner, lease: LEASE, snapshot, snapshotEvery: Infinity }
      run(owner, (at) => startRolloutEngine({ ...at.store, clock: at.clock, random, logger }, options))
    },
    takeSnapshot: async () => {
      if ((fold.position?.seq ?? 0) === 0) return
      tell(`snapshot at ${fold.position?.seq}`)
      const documents: [string, number][] = []
      for (const key of fold.table('job').keys())
        for (const node of fold.get('job', key)?.state.rollouts.grants.keys() ?? [])
          documents.push([node, fold.position?.seq ?? 0])
      for (const [name, version] of [
        ['scheduler', SCHEDULER_FOLD],
        ['rollout-engine', ENGINE_FOLD],
      ] as const)
        await writeSnapshot(store.snapshots, name, { ...fold, position: fold.position, version }, { documents })
    },
    apply: (key, program, more, id) => {
      const parsed = parseJobSpec({
        ...key,
        type: 'process',
        config: { command: program },
        ...more,
      })
      if (!parsed.ok) throw parsed.error
      const content = sha256(canonicalJson(contentOf(parsed.spec)))
      contents.set(content, program)
      const spec: Readonly<Record<string, unknown>> = { ...parsed.spec }
      const at = clock.nowMs()
      const specHash = sha256(canonicalJson(spec))
      const newJobId = random.ulid(at) as JobId
      return handle(key, { verb: 'apply', id, req: specHash, at, spec, specHash, content, newJobId })
    },
    send: (key, command, id) => handle(key, { ...command, id, req: sha256(command.verb), at: clock.nowMs() }),
  }
}
