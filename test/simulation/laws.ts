/** What must hold of a log and of the world at rest, whatever happened. Each law has a name; a broken one says where. */
import { desiredDocumentSchema, readCommit, type Commit, type JobSubjectEvent, type NodeId } from '@dunlin/contracts'
import { deriveJobState, executionRow, foldings, isPresent, stateDiffers, waveSizeOf, type Job } from '@dunlin/domain'
import { createFold, type Recorded } from '@dunlin/eventstore'
import { parseLogSubject } from '@dunlin/nats'
import type { World } from './world.ts'

export interface Broken {
  readonly law: string
  readonly detail: string
}

const decoder = new TextDecoder()

/** All messages of the log, in order. */
export const readLog = async (world: World): Promise<Recorded[]> => {
  const { lastSeq } = await world.store.log.info()
  const all: Recorded[] = []
  for (let seq = 1; seq <= lastSeq; seq += 1) {
    const recorded = await world.store.log.at(seq)
    if (recorded !== undefined) all.push(recorded)
  }
  return all
}

/** Folds the log from the beginning and looks at the accounting after every commit. */
export const checkHistory = (
  world: World,
  log: readonly Recorded[],
): { readonly broken: Broken[]; readonly fold: WorldFold } => {
  const broken: Broken[] = []
  const commands = new Map<string, Set<string>>()
  const fold = createFold({
    route: parseLogSubject,
    kinds: foldings,
    onFolded: ({ kind, key, admission, seq, commit }, aggregate) => {
      if (admission !== 'admitted')
        broken.push({ law: 'E1 every commit is admitted', detail: `${kind} ${key} at ${seq}: ${admission}` })
      if (kind !== 'job' || commit === undefined) return
      broken.push(...checkJob(key, seq, aggregate.state as Job, commit as Commit<JobSubjectEvent>))
      if (commit.req === undefined) return
      const seen = commands.get(key) ?? new Set<string>()
      if (seen.has(commit.cmd))
        broken.push({ law: 'a command takes effect once', detail: `${commit.cmd} again at ${seq}` })
      commands.set(key, seen.add(commit.cmd))
    },
  })
  for (const recorded of log) fold.apply(recorded)
  for (const [id, { job, seq }] of world.acknowledged)
    if (commands.get(job)?.has(id) !== true)
      broken.push({ law: 'no acknowledged command is lost', detail: `${id} of ${job} at ${seq}` })
  return { broken, fold }
}
export type WorldFold = ReturnType<
  typeof createFold<{ readonly [K in keyof typeof foldings]: ReturnType<(typeof foldings)[K]['initial']> }>
>

const checkJob = (key: string, seq: number, job: Job, commit: Commit<JobSubjectEvent>): Broken[] => {
  const broken: Broken[] = []
  const fail = (law: string, detail: string): void => void broken.push({ law, detail: `${key} at ${seq}: ${detail}` })
  const { current, grants, atRisk } = job.rollouts
  const counts = { open: 0, healthy: 0, failed: 0, deferred: 0 }
  for (const slot of current?.slots.values() ?? []) counts[slot] += 1
  if (current && JSON.stringify(counts) !== JSON.stringify(current.counts))
    fail('A4 counts = recount', JSON.stringify(counts))
  for (const [node, grant] of grants) {
    if (!job.placement.nodes.has(node)) fail('S7 only placed nodes hold a grant', node)
    if (grant.verdict?.is !== 'healthy' && !atRisk.has(node)) fail('A1 an unsettled grant is at risk', node)
  }
  for (const event of commit.ev) {
    if (event.type !== 'NodesGranted' || current === undefined) continue
    if (current.phase !== 'running' && current.phase !== 'completed') fail('S3 no grant in this phase', current.phase)
    const canary = current.policy.strategy === 'canary' ? 1 : 0
    const budget = waveSizeOf(current.policy, Math.max(current.targets.length, job.placement.nodes.size))
    const fresh = event.grants.filter(([node]) => grants.get(node)?.previous === undefined).length
    if (atRisk.size > Math.max(budget, canary) && fresh > 0) fail('S1 at risk <= budget', `${atRisk.size} > ${budget}`)
  }
  return broken
}

/** The world has come to rest: what shall be is, and every view of it agrees. */
export const checkRest = async (world: World, fold: WorldFold): Promise<Broken[]> => {
  const broken: Broken[] = []
  const fail = (law: string, detail: string): void => void broken.push({ law, detail })
  const reader = {
    node: (id: NodeId) => fold.get('node', id)?.state,
    reports: (id: NodeId) => fold.get('report', id)?.state,
  }
  const jobs = [...fold.table('job').keys()].map((key) => [key, fold.get('job', key)?.state as Job] as const)
  for (const [key, job] of jobs) {
    if (!isPresent(job)) continue
    const { lifecycle, content } = job.versions
    const rollout = job.rollouts.current
    if (lifecycle !== 'active' && job.rollouts.grants.size > 0) fail('a stopped job holds no grant', key)
    if (lifecycle === 'active') {
      const derived = deriveJobState(job, {
        isConnected: (node) => reader.node(node)?.connection.is === 'connected',
        observed: (node) => executionRow(job, node, reader)?.observation.state ?? 'pending',
      })
      if (stateDiffers(job, derived))
        fail('the recorded state is the derived one', `${key}: ${job.versions.state.message} / ${derived.message}`)
      if (rollout?.content !== content) fail('L1 the newest content has a rollout', key)
      else if (rollout.phase === 'planning') fail('L3 no plan stays unfinished', key)
      else if (
        rollout.phase === 'running' &&
        rollout.counts.failed === 0 &&
        rollout.counts.open === 0 &&
        rollout.targets.length > 0
      )
        fail('L4 a rollout with nothing open and nothing failed ends', key)
      if (rollout?.phase === 'completed')
        for (const node of job.placement.nodes)
          if (job.rollouts.grants.get(node)?.content !== content)
            fail('every placed node holds the content', `${key} ${node}`)
    }
  }
  for (const node of world.agents.nodes.values()) {
    const entry = await world.store.desired.get(node.id)
    const document =
      entry === undefined ? undefined : desiredDocumentSchema.parse(JSON.parse(decoder.decode(entry.value)))
    const wanted = new Set<string>()
    for (const [, job] of jobs) {
      if (!isPresent(job) || job.versions.lifecycle !== 'active') continue
      const grant = job.rollouts.grants.get(node.id)
      if (grant !== undefined) wanted.add(grant.execution)
    }
    const named = new Set<string>(document?.executions.map(({ execution }) => execution) ?? [])
    if ([...wanted].some((id) => !named.has(id)) || [...named].some((id) => !wanted.has(id)))
      fail('a document names exactly the grants', `${node.id}: ${[...named].join()} / ${[...wanted].join()}`)
    const runs = [...node.executions.values()].filter(({ state }) => state === 'running' || state === 'starting')
    const perJob = new Set(runs.map(({ entry: { job } }) => `${job.namespace}/${job.name}`))
    if (perJob.size !== runs.length) fail('S5 a node runs one execution of a job', node.id)
    for (const one of runs)
      if (!wanted.has(one.entry.execution))
        fail('a node runs nothing that it was not granted', `${node.id} ${one.entry.execution}`)
  }
  return broken
}

/** True when the message is a commit that can be read; for stories. */
export const eventTypesOf = (recorded: Recorded): string => {
  const commit = readCommit(JSON.parse(decoder.decode(recorded.data)))
  return 'ev' in commit ? commit.ev.map(({ type }) => type).join(' ') : 'unreadable'
}
