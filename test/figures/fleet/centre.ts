/**
 * The centre of a figure: the real rollout engine on the in-memory log with one virtual clock, and a person who applies.
 * Who plays the fleet is added by `real-fleet.ts` and `light-fleet.ts`. Nothing is lost or late here (`npm run sim` is for
 * that): a figure shows what the rules decide.
 */
import {
  canonicalJson,
  contentOf,
  jobKeyText,
  parseJobSpec,
  type Commit,
  type JobId,
  type JobKey,
  type JobSubjectEvent,
  type Sha256,
} from '@dunlin/contracts'
import { decideJob, foldings, type FleetKinds, type Job } from '@dunlin/domain'
import { createCommandHandler, createFold, followInto, type CommandHandler } from '@dunlin/eventstore'
import { createMemoryStore, type MemoryStore } from '@dunlin/eventstore/memory'
import { doorbellSubject, jobSubject, parseLogSubject } from '@dunlin/nats'
import type { SimulatedFleet } from '@dunlin/node-agent'
import { startRolloutEngine } from '@dunlin/rollout-engine'
import { seededRandom, sha256, silentLogger, type Random } from '@dunlin/runtime'
import { createVirtualClock, type VirtualClock } from '@dunlin/testkit'

const START_MS = Date.UTC(2026, 0, 1)

/** A commit on a job's subject, with its place in the log. */
export interface JobCommit {
  readonly seq: number
  readonly atMs: number
  readonly by: string
  readonly ev: readonly JobSubjectEvent[]
}

export interface Centre {
  readonly clock: VirtualClock
  readonly store: MemoryStore
  readonly random: Random
  readonly handler: CommandHandler<FleetKinds>
  job(key: JobKey): Job | undefined
  /** Programs by content: what agents look up. */
  readonly programs: ReadonlyMap<Sha256, string>
  /** Everything on the job's subject since it began, oldest first. */
  historyOf(key: JobKey): readonly JobCommit[]
  onCommit(listener: (key: string, commit: JobCommit) => void): void
  /** Applies a process job that runs `program`, with the rollout block of a spec. Throws what the intake would answer. */
  apply(key: JobKey, program: string, rollout: Readonly<Record<string, unknown>>): Promise<void>
  /** Lets time pass until `stop` says so, at most `limitMs`; whether it said so. */
  runUntil(stop: () => boolean, limitMs: number): Promise<boolean>
  stop(): Promise<void>
}

/** Who plays the nodes. */
export interface PlayedFleet {
  /** Where there are real ones. */
  readonly agents?: SimulatedFleet
  stop(): Promise<void>
}

export const createCentre = (seed: number): Centre => {
  const random = seededRandom(seed)
  const clock = createVirtualClock(START_MS)
  const store = createMemoryStore({ clock, doorbell: doorbellSubject })
  const programs = new Map<Sha256, string>()
  const histories = new Map<string, JobCommit[]>()
  const listeners: ((key: string, commit: JobCommit) => void)[] = []

  const fold = createFold<FleetKinds>({
    // Reports are most of the log, and nobody asks this fold about them.
    route: (subject) => {
      const route = parseLogSubject(subject)
      return route?.kind === 'report' ? undefined : route
    },
    kinds: foldings,
    onFolded: ({ kind, key, seq, commit, admission }) => {
      if (kind !== 'job' || commit === undefined || admission !== 'admitted') return
      const { at, by, ev } = commit as Commit<JobSubjectEvent>
      const taken: JobCommit = { seq, atMs: at, by, ev }
      const history = histories.get(key)
      if (history === undefined) histories.set(key, [taken])
      else history.push(taken)
      for (const listener of listeners) listener(key, taken)
    },
  })
  const follower = followInto(fold, store.log, { archive: store.archive, clock })
  const handler = createCommandHandler({ log: store.log, fold, sha256, clock })
  const engine = startRolloutEngine(
    { ...store, clock, random, logger: silentLogger },
    { owner: 'engine', snapshotEvery: Infinity },
  )

  return {
    clock,
    store,
    random,
    handler,
    programs,
    job: (key) => fold.get('job', jobKeyText(key))?.state,
    historyOf: (key) => histories.get(jobKeyText(key)) ?? [],
    onCommit: (listener) => void listeners.push(listener),
    apply: async (key, program, rollout) => {
      const parsed = parseJobSpec({ ...key, type: 'process', config: { command: program }, selector: {}, rollout })
      if (!parsed.ok) throw parsed.error
      const spec: Readonly<Record<string, unknown>> = { ...parsed.spec }
      const content = sha256(canonicalJson(contentOf(parsed.spec)))
      const specHash = sha256(canonicalJson(spec))
      programs.set(content, program)
      const at = clock.nowMs()
      const head = { id: `apply.${random.ulid(at)}`, req: specHash, at }
      const newJobId = random.ulid(at) as JobId
      const done = await handler.handle({
        subject: jobSubject(key),
        kind: 'job',
        key: jobKeyText(key),
        command: { ...head, by: 'user:figures' },
        decide: ({ state }) => decideJob(state, { verb: 'apply', ...head, spec, specHash, content, newJobId }),
      })
      if (!done.ok) throw done.error
    },
    runUntil: async (stop, limitMs) => {
      let stopped = false
      await clock.run(clock.monotonicMs() + limitMs, () => (stopped = stop()))
      return stopped
    },
    stop: async () => {
      await Promise.all([engine.stop(), follower.stop()])
    },
  }
}
