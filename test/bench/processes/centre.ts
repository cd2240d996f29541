/**
 * Scheduler, rollout engine and an intake as the API has one, in one process on one connection. Argument: server. It
 * notes what is stored and when a rollout was closed; everything else is the product's own.
 */
import {
  canonicalJson,
  contentOf,
  jobKeyText,
  parseJobSpec,
  userActor,
  type Commit,
  type JobId,
} from '@dunlin/contracts'
import { decideJob, foldings, type Job } from '@dunlin/domain'
import { createCommandHandler, createFold, followInto, type DocumentStore, type Log } from '@dunlin/eventstore'
import { connectStore, jobSubject, parseLogSubject } from '@dunlin/nats'
import { startRolloutEngine } from '@dunlin/rollout-engine'
import { sha256, silentLogger, systemClock, systemRandom } from '@dunlin/runtime'
import { startScheduler } from '@dunlin/scheduler'
import { nowMs, onTold, tell, used, type Used } from './tell.ts'

export type ToCentre =
  | { readonly do: 'apply'; readonly body: string }
  | { readonly do: 'expect_nodes'; readonly count: number }
  | { readonly do: 'measure' }

export type FromCentre =
  | { readonly is: 'ready' }
  | { readonly is: 'nodes_connected' }
  | { readonly is: 'applied'; readonly startedMs: number; readonly version: number }
  | { readonly is: 'rollout_closed'; readonly atMs: number; readonly outcome: string; readonly healthy: number }
  | ({
      readonly is: 'measured'
      readonly logSizes: readonly number[]
      readonly documentSizes: readonly number[]
    } & Used)

const [url = ''] = process.argv.slice(2)
const store = await connectStore({ url, name: 'bench centre', maxBytes: 8 * 1024 ** 3 })
let logSizes: number[] = []
let documentSizes: number[] = []
let connectedNodes = 0
let onConnected: (() => void) | undefined

const append: Log['append'] = async (request) => {
  const result = await store.log.append(request)
  logSizes.push(request.data.length)
  if (request.types?.includes('NodeConnected')) {
    connectedNodes++
    onConnected?.()
  }
  if (request.types?.includes('RolloutClosed')) tellClosed(request.data)
  return result
}
const tellClosed = (data: Uint8Array): void => {
  const { ev } = JSON.parse(Buffer.from(data).toString('utf8')) as Commit
  for (const event of ev)
    if (event.type === 'RolloutClosed')
      tell({ is: 'rollout_closed', atMs: nowMs(), outcome: event.outcome, healthy: event.counts.healthy })
}
const noting = (documents: DocumentStore): DocumentStore => ({
  ...documents,
  put: (key, value, expected) => {
    documentSizes.push(value.length)
    return documents.put(key, value, expected)
  },
})
const ports = {
  ...store,
  log: { ...store.log, append },
  desired: noting(store.desired),
  specs: noting(store.specs),
  clock: systemClock,
  random: systemRandom,
  logger: silentLogger,
}

const fold = createFold<{ job: Job }>({
  route: (subject) => (subject.startsWith('evt.job.') ? parseLogSubject(subject) : undefined),
  kinds: { job: foldings.job },
})
const intake = followInto(fold, ports.log, { archive: ports.archive })
const handler = createCommandHandler({ log: ports.log, fold, sha256, clock: systemClock })
const scheduler = startScheduler(ports, { owner: 'bench' })
const engine = startRolloutEngine(ports, { owner: 'bench' })

/** From the bytes of a request to the answer, as the API does it. */
const apply = async (body: string): Promise<number> => {
  const at = systemClock.nowMs()
  const parsed = parseJobSpec(JSON.parse(body))
  if (!parsed.ok) throw parsed.error
  const { spec } = parsed
  const id = `~api.${systemRandom.ulid(at)}`
  const specHash = sha256(canonicalJson(spec))
  const content = sha256(canonicalJson(contentOf(spec)))
  const newJobId = systemRandom.ulid(at) as JobId
  const result = await handler.handle({
    kind: 'job',
    key: jobKeyText(spec),
    subject: jobSubject(spec),
    command: { id, by: userActor('bench'), at },
    decide: ({ state }) => decideJob(state, { id, at, verb: 'apply', spec: { ...spec }, specHash, content, newJobId }),
  })
  if (!result.ok) throw result.error
  const { versions } = result.aggregate.state
  return versions.is === 'present' ? versions.version : 0
}

onTold((message: ToCentre) => {
  if (message.do === 'apply') {
    const startedMs = nowMs()
    void apply(message.body).then((version) => tell({ is: 'applied', startedMs, version }))
  } else if (message.do === 'expect_nodes') {
    onConnected = () => {
      if (connectedNodes < message.count) return
      onConnected = undefined
      tell({ is: 'nodes_connected' })
    }
    onConnected()
  } else {
    tell({ is: 'measured', logSizes, documentSizes, ...used() })
    logSizes = []
    documentSizes = []
  }
})

await Promise.all([intake.caughtUp, scheduler.ready, engine.ready])
tell({ is: 'ready' })
