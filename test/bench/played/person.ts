/** A person who applies jobs, as the API's intake does it; where no scheduler runs, its placement too. */
import {
  canonicalJson,
  contentOf,
  jobKeyText,
  parseJobSpec,
  serviceActor,
  userActor,
  type EvaluationId,
  type JobId,
  type JobKey,
  type NodeId,
} from '@dunlin/contracts'
import { decideJob, foldings, recordPlacement, type Job } from '@dunlin/domain'
import { createCommandHandler, createFold, followInto, type StorePorts } from '@dunlin/eventstore'
import { jobSubject, parseLogSubject } from '@dunlin/nats'
import { sha256, systemRandom, type Clock } from '@dunlin/runtime'

export interface Person {
  readonly caughtUp: Promise<void>
  apply(body: string): Promise<JobKey>
  /** What the scheduler would decide: all of these nodes. Resolves when the evaluation's last commit is stored. */
  place(key: JobKey, nodes: readonly NodeId[]): Promise<void>
  stop(): Promise<void>
}

export const createPerson = (store: StorePorts, clock: Clock): Person => {
  const fold = createFold<{ job: Job }>({
    route: (subject) => (subject.startsWith('evt.job.') ? parseLogSubject(subject) : undefined),
    kinds: { job: foldings.job },
  })
  const follower = followInto(fold, store.log, { archive: store.archive, clock })
  const handler = createCommandHandler({ log: store.log, fold, sha256, clock })
  const at = (): number => Math.round(clock.nowMs())

  return {
    caughtUp: follower.caughtUp,
    apply: async (body) => {
      const parsed = parseJobSpec(JSON.parse(body))
      if (!parsed.ok) throw parsed.error
      const { spec } = parsed
      const key = { namespace: spec.namespace, name: spec.name }
      const now = at()
      const id = `~api.${systemRandom.ulid(now)}`
      const specHash = sha256(canonicalJson(spec))
      const content = sha256(canonicalJson(contentOf(spec)))
      const newJobId = systemRandom.ulid(now) as JobId
      const done = await handler.handle({
        kind: 'job',
        key: jobKeyText(key),
        subject: jobSubject(key),
        command: { id, by: userActor('bench'), at: now },
        decide: ({ state }) =>
          decideJob(state, { id, at: now, verb: 'apply', spec: { ...spec }, specHash, content, newJobId }),
      })
      if (!done.ok) throw done.error
      return key
    },
    place: async (key, nodes) => {
      const now = at()
      const id = systemRandom.ulid(now) as EvaluationId
      const done = await handler.handle({
        kind: 'job',
        key: jobKeyText(key),
        subject: jobSubject(key),
        command: { id: `~eval.${id}`, by: serviceActor('scheduler'), at: now },
        decide: ({ state }) => {
          if (state.versions.is !== 'present') return { ok: true, commits: [] }
          const { version } = state.versions
          const add = nodes.filter((node) => !state.placement.nodes.has(node))
          const difference = { add, remove: [], count: nodes.length, leftOut: {} }
          const trigger = version === 1 ? 'job_created' : 'job_updated'
          const hash = (sorted: readonly NodeId[]) => sha256(sorted.join('\n'))
          return { ok: true, commits: recordPlacement(state, difference, { id, trigger, version }, hash) }
        },
      })
      if (!done.ok) throw done.error
    },
    stop: () => follower.stop(),
  }
}
