/** Commits of made-up jobs as the log holds them, about 294 bytes each: what is appended, seeded and folded. */
import { COMMIT_SCHEMA, serviceActor, type JobKey } from '@dunlin/contracts'
import { jobSubject } from '@dunlin/nats'

/** Any fixed instant: figures must not depend on the day. */
const BEGAN = 1_700_000_000_000
const SHA = '0123456789abcdef'.repeat(4)

export const jobKey = (namespace: string, index: number): JobKey => ({
  namespace,
  name: `job-${String(index).padStart(6, '0')}`,
})

export const subjectsOf = (namespace: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => jobSubject(jobKey(namespace, index)))

const STATES = ['deploying', 'running', 'degraded'] as const

export const createdEvent = (index: number) => ({
  type: 'JobCreated' as const,
  jobId: `01J0000000000000000${String(index).padStart(7, '0')}`,
  version: 1,
  spec: { name: `job-${index}`, type: 'process', config: { command: 'sleep', args: ['1000'] } },
  specHash: SHA,
  content: SHA,
})

const stateOfNode = (n: number): (typeof STATES)[number] => STATES[n % STATES.length] ?? 'running'

export const stateEvent = (n: number) => ({
  type: 'JobStateChanged' as const,
  state: stateOfNode(n),
  reason: 'nodes_validating',
  message: `${n % 100} of 100 nodes are healthy, the others are validating.`,
  details: { healthy: n % 100, targets: 100 },
})

/** The `n`th commit of a log in which `jobs` take turns: created first, then changing their state. */
export const commitBody = (n: number, jobs: number): Buffer => {
  const index = n % jobs
  const v = Math.floor(n / jobs) + 1
  return Buffer.from(
    JSON.stringify({
      s: COMMIT_SCHEMA,
      v,
      cmd: `~state.01J00000000000000${String(n).padStart(9, '0')}`,
      by: serviceActor('scheduler'),
      at: BEGAN + n,
      ev: [v === 1 ? createdEvent(index) : stateEvent(n)],
    }),
  )
}
