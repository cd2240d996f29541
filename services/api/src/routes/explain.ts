/** Why a job, a rollout or a node is where it is: from the log alone, and computed again. */
import {
  DunlinError,
  operations,
  parseJobKeyText,
  type ExplanationView,
  type JobKey,
  type NodeId,
} from '@dunlin/contracts'
import { causeText, isLive, waitsOf, type FleetReader, type PresentJob, type Rollout, type Wait } from '@dunlin/domain'
import type { FastifyInstance } from 'fastify'
import {
  recentVersionsFrom,
  rolloutFrom,
  tellJob,
  tellNode,
  versionFrom,
  type JobOfNode,
  type Page,
  type Story,
} from '../explain/explain.ts'
import { serve } from '../http/serve.ts'
import { makeCursor, readCursor } from '../lists/cursor.ts'
import { drainOn } from '../state/drain.ts'
import { askHeard } from '../state/heard.ts'
import { presentJob } from '../state/present-job.ts'
import { explanationView, type Explained } from '../views/explanation.ts'
import { approvalWaits, drainWaits, nodeMessage } from '../views/explain-node.ts'
import { causesIn } from '../views/rollout.ts'
import { nodeWarnings } from '../views/node.ts'
import type { RouteContext } from './context.ts'

/** More jobs of one node are not read at once; a filter names the one that matters. */
const MOST_JOBS = 50

export const registerExplain = (
  app: FastifyInstance,
  { state, log, archive, bus, clock, caughtUp }: RouteContext,
): void => {
  const reader = { log, archive }

  /** The page, and how to show it: a cursor keeps where the reading began, because the version in force may change meanwhile. */
  const page = (filter: readonly unknown[], query: { limit: number; cursor?: string | undefined }, begin: number) => {
    const read = query.cursor === undefined ? [] : readCursor(filter, query.cursor).split(':').map(Number)
    const [from = begin, offset = 0] = read
    const at: Page = { offset, limit: query.limit }
    const show = (story: Story, explained: Omit<Explained, 'story' | 'nextCursor' | 'seq'>): ExplanationView => {
      const next = story.hasMore ? makeCursor(filter, `${from}:${offset + story.decisions.length}`) : undefined
      return explanationView({ ...explained, story, nextCursor: next, seq: state.seq() })
    }
    return { from, at, show }
  }

  serve(app, operations.explainJob, async ({ params, query }) => {
    await caughtUp(query.min_seq)
    const { job } = presentJob(state, params)
    const { from, at, show } = page(['job', params, query.since], query, query.since ?? versionFrom(job))
    const story = await tellJob(reader, params, job, { is: 'job' }, from, at)
    const { state: derived, version } = job.versions
    const message = `version ${version} is ${derived.type.replace('_', ' ')}: ${derived.message}`
    return show(story, { about: 'job', name: nameOf(params), message, waits: waitsOf(job) })
  })

  serve(app, operations.explainRollout, async ({ params, query }) => {
    await caughtUp(query.min_seq)
    const { job } = presentJob(state, params)
    const known = rolloutFrom(job, params.id)
    const { from, at, show } = page(['rollout', params], query, known ?? 0)
    const story = await tellJob(reader, params, job, { is: 'rollout', id: params.id }, from, at)
    // One that is remembered no more may still stand in the log.
    if (known === undefined && story.decisions.length === 0 && at.offset === 0)
      throw new DunlinError('rollout_not_found', `${nameOf(params)} has no rollout ${params.id}.`)
    const current = job.rollouts.current?.id === params.id ? job.rollouts.current : undefined
    const message = current === undefined ? pastMessage(job, params.id, state) : currentMessage(job, current, state)
    return show(story, {
      about: 'rollout',
      name: params.id,
      message,
      waits: current === undefined ? [] : waitsOf(job),
    })
  })

  serve(app, operations.explainNode, async ({ params, query }) => {
    await caughtUp(query.min_seq)
    const id = params.id as NodeId
    if (query.job !== undefined && query.namespace === undefined)
      throw new DunlinError('invalid_request', undefined, {
        errors: [{ path: 'query.job', message: 'needs namespace' }],
      })
    const node = state.node(id)
    if (node === undefined && state.reports(id) === undefined)
      throw new DunlinError('node_not_found', `There is no node ${id}.`)
    const jobs = jobsOf(id, query)
    const { at, show } = page(['node', id, query.namespace, query.job], query, 0)
    const story = await tellNode(reader, id, jobs, at)
    const heard = node === undefined ? {} : await askHeard(bus, [id])
    const drain = drainOn(state, id, clock.nowMs())
    const warnings = nodeWarnings(state.node(id), state.reports(id), heard[id]).map(({ message: text }) => text)
    const message = [nodeMessage(node, drain, jobs.length), ...warnings].join('; ')
    const waits = [...approvalWaits(id, node), ...drainWaits(drain), ...jobs.flatMap((one) => waitsOn(one, id))]
    return show(story, { about: 'node', name: id, message, waits })
  })

  const jobsOf = (
    node: NodeId,
    { namespace, job: name }: { namespace?: string | undefined; job?: string | undefined },
  ) => {
    const found: JobOfNode[] = []
    for (const text of state.fold.table('job').keys()) {
      const job = state.fold.get('job', text)?.state
      if (job === undefined || !(job.placement.nodes.has(node) || job.rollouts.grants.has(node))) continue
      const key = parseJobKeyText(text)
      if ((namespace !== undefined && key.namespace !== namespace) || (name !== undefined && key.name !== name))
        continue
      found.push({ key, job, from: recentVersionsFrom(job) })
      if (found.length >= MOST_JOBS) break
    }
    return found
  }
}

const nameOf = ({ namespace, name }: JobKey): string => `${namespace}/${name}`

type Reports = Pick<FleetReader, 'reports'>
const because = (job: PresentJob, version: number, fleet: Reports): string => {
  const cause = causesIn(job, fleet)(version)
  return cause === undefined ? '' : `; ${causeText(cause)}`
}

const currentMessage = (job: PresentJob, rollout: Rollout, fleet: Reports): string => {
  const { phase, type, version, wave, waves, counts, targets, halted } = rollout
  const head = `the ${type} rollout of version ${version} is ${phase}`
  if (phase === 'halted' && halted !== undefined)
    return `${head} (${halted.reason}): ${halted.message}${because(job, version, fleet)}`
  const failed = counts.failed + counts.lost
  return `${head}: wave ${wave + 1} of ${waves.length}, ${counts.healthy} of ${targets.length} healthy, ${counts.open} open, ${failed} failed, ${counts.deferred} deferred`
}

const pastMessage = (job: PresentJob, id: string, fleet: Reports): string => {
  const past = job.rollouts.past.find((one) => one.id === id)
  if (past === undefined) return 'it is over, and remembered only by the log'
  const halted =
    past.halted === undefined
      ? ''
      : ` (${past.halted.reason}: ${past.halted.message})${because(job, past.version, fleet)}`
  return `the ${past.type} rollout of version ${past.version} is over: ${past.phase}${halted}`
}

/** What a node waits for in one job. */
const waitsOn = ({ key, job }: JobOfNode, node: NodeId): readonly Wait[] => {
  const rollout = job.rollouts.current
  if (!isLive(job) || rollout === undefined || !job.placement.nodes.has(node)) return []
  const name = nameOf(key)
  const slot = rollout.slots.get(node)
  const waits = forWholeRollout(job).map((wait) => ({ ...wait, message: `${name}: ${wait.message}` }))
  if (slot === 'open') {
    const granted = job.rollouts.grants.get(node)?.at ?? rollout.openedAt
    return [
      { what: 'verdict', message: `${name}: to be judged`, until: granted + rollout.policy.health.deadlineMs },
      ...waits,
    ]
  }
  if (slot === 'deferred') return [{ what: 'return', message: `${name}: to be reached` }, ...waits]
  if (slot === undefined && rollout.targets.includes(node))
    return [{ what: 'turn', message: `${name}: its turn in version ${rollout.version}` }, ...waits]
  return []
}

/** Holds and the like concern every node that is not settled. */
const forWholeRollout = (job: PresentJob): readonly Wait[] =>
  waitsOf(job).filter(({ what }) => what.startsWith('hold_') || what === 'person')
