/**
 * A server, the rollout engine in a process of its own, and a fleet that this process plays, with the placement that a
 * scheduler would decide. What the engine does is seen where everybody sees it: in the log.
 */
import { jobKeyText, parseJobKeyText, type Commit, type JobKey, type JobSubjectEvent } from '@dunlin/contracts'
import { parseLogSubject } from '@dunlin/nats'
import { systemClock } from '@dunlin/runtime'
import type { BenchContext } from '../bench.ts'
import { createPlayedFleet, type PlayedFleet } from '../played/fleet.ts'
import type { PlayedNode } from '../played/node.ts'
import { createPerson } from '../played/person.ts'
import type { FromEngine, ToEngine } from '../processes/engine.ts'
import { bundled } from './bundled.ts'
import { startCrew, type Crew } from './crew.ts'
import { withServer } from './server.ts'
import { withStore } from './store.ts'

export interface Heard {
  readonly events: readonly JobSubjectEvent[]
  readonly granted: readonly PlayedNode[]
  /** When this process had it from the log. */
  readonly atMs: number
}

export interface EngineAlone {
  readonly fleet: PlayedFleet
  readonly engine: Crew<ToEngine, FromEngine>
  apply(body: string): Promise<JobKey>
  /** All nodes belong to the job: what the scheduler would have written. */
  place(key: JobKey): Promise<void>
  /** The next commit of the job that nobody has taken; undefined when there is none for so long. */
  next(key: JobKey, withinMs: number): Promise<Heard | undefined>
  report(key: JobKey, nodes: readonly PlayedNode[]): Promise<void>
  beat(node: PlayedNode): void
  /** Milliseconds of one small write to a bucket of the server until it is acknowledged: what the machine allows now. */
  bareWrite(): Promise<number>
}

export const withEngineAlone = async <T>(
  context: BenchContext,
  nodes: number,
  run: (stage: EngineAlone) => Promise<T>,
): Promise<T> => {
  const engineFile = await bundled('engine', context.dir)
  return withServer(context, ({ url }) =>
    withStore(url, async (store) => {
      const fleet = createPlayedFleet(nodes)
      await fleet.join(store.log, systemClock.nowMs())
      context.say(`${nodes} nodes have joined`)
      const person = createPerson(store, systemClock)
      const heard = new Map<string, Mailbox<Heard>>()
      const mailbox = (key: string): Mailbox<Heard> => {
        const known = heard.get(key) ?? createMailbox<Heard>()
        heard.set(key, known)
        return known
      }
      const { created, lastSeq } = await store.log.info()
      const follower = store.log.follow(
        { created, seq: lastSeq },
        {
          onBatch: (batch) => {
            const atMs = performance.now()
            for (const recorded of batch) {
              const parsed = parseLogSubject(recorded.subject)
              if (parsed?.kind !== 'job') continue
              const commit = JSON.parse(Buffer.from(recorded.data).toString('utf8')) as Commit<JobSubjectEvent>
              // Their windows end when the bench says so.
              const granted = fleet.hear(parseJobKeyText(parsed.key), commit, recorded, Infinity)
              mailbox(parsed.key).put({ events: commit.ev, granted, atMs })
            }
          },
        },
      )
      const engine = startCrew<ToEngine, FromEngine>(engineFile, [url])
      let bareWrites = 0
      const stage: EngineAlone = {
        fleet,
        engine,
        apply: (body) => person.apply(body),
        place: (key) =>
          person.place(
            key,
            fleet.nodes.map(({ id }) => id),
          ),
        next: (key, withinMs) => mailbox(jobKeyText(key)).take(withinMs),
        report: (key, reporting) => fleet.report(store.log, key, reporting, systemClock.nowMs()),
        bareWrite: async () => {
          const began = performance.now()
          await store.specs.put(`bench-${(bareWrites += 1)}`, EIGHT_BYTES, 0)
          return performance.now() - began
        },
        beat: (node) => {
          const text = fleet.beat(node, performance.now(), systemClock.nowMs())
          store.bus.publish(node.subjects.beat, Buffer.from(text))
        },
      }
      try {
        await Promise.all([engine.hear('ready'), person.caughtUp])
        return await Promise.race([run(stage), engine.lost])
      } finally {
        await engine.stop()
        await Promise.all([follower.stop(), person.stop()])
      }
    }),
  )
}

const EIGHT_BYTES = new Uint8Array(8)

interface Mailbox<T> {
  put(item: T): void
  take(withinMs: number): Promise<T | undefined>
}

const createMailbox = <T>(): Mailbox<T> => {
  const items: T[] = []
  let waiting: ((item: T | undefined) => void) | undefined
  return {
    put: (item) => {
      if (waiting === undefined) return void items.push(item)
      waiting(item)
    },
    take: (withinMs) =>
      new Promise((resolve) => {
        const item = items.shift()
        if (item !== undefined) return resolve(item)
        const end = (got: T | undefined): void => {
          waiting = undefined
          clearTimeout(late)
          resolve(got)
        }
        const late = setTimeout(() => end(undefined), withinMs)
        waiting = end
      }),
  }
}
