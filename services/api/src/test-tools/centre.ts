/**
 * The other services of a centre, played by the domain's own functions on the log of a test: places a job on every node that
 * takes it, advances its rollout until it waits, and records verdicts.
 */
import {
  parseSelector,
  resolveRolloutPolicy,
  type Commit,
  type EvaluationId,
  type ExecutionId,
  type JobSubjectEvent,
  type JobSpec,
  type NodeEvent,
  type NodeId,
  type ReportEvent,
  type RolloutId,
  type Verdict,
} from '@dunlin/contracts'
import {
  advanceRollout,
  evaluatePlacement,
  foldJobCommit,
  foldNodeCommit,
  foldReportCommit,
  isPresent,
  nodeFacts,
  noJob,
  noNode,
  noReports,
  planFactsOf,
  planSeed,
  recordPlacement,
  recordVerdicts,
  type FleetReader,
  type Job,
} from '@dunlin/domain'
import { jobSubject, parseLogSubject } from '@dunlin/nats'
import { seededRandom, sha256 } from '@dunlin/runtime'
import type { InProcess } from './in-process.ts'

export interface Centre {
  /** Places the job and advances its rollout as far as it goes by itself; the job as it is then. */
  settle(name: string): Promise<Job>
  /** Verdicts over the latest grants of these nodes, then on as far as it goes. */
  judge(name: string, verdicts: Readonly<Record<string, 'healthy' | 'failed'>>): Promise<Job>
  job(name: string): Promise<Job>
}

const keyOf = (name: string) => ({ namespace: 'default', name })

export const playCentre = ({ store, write }: InProcess): Centre => {
  const random = seededRandom(11)
  let now = 1_700_000_100_000
  const ulid = (): string => random.ulid(now)

  const readAll = async () => {
    const jobs = new Map<string, Job>()
    const nodes = new Map<string, ReturnType<typeof noNode>>()
    const reports = new Map<string, ReturnType<typeof noReports>>()
    const { lastSeq } = await store.log.info()
    for (let seq = 1; seq <= lastSeq; seq += 1) {
      const recorded = await store.log.at(seq)
      const route = recorded === undefined ? undefined : parseLogSubject(recorded.subject)
      if (recorded === undefined || route === undefined) continue
      const commit: unknown = JSON.parse(new TextDecoder().decode(recorded.data))
      const { kind, key } = route
      if (kind === 'job') jobs.set(key, foldJobCommit(jobs.get(key) ?? noJob(), commit as Commit<JobSubjectEvent>, seq))
      if (kind === 'node') nodes.set(key, foldNodeCommit(nodes.get(key) ?? noNode(), commit as Commit<NodeEvent>, seq))
      if (kind === 'report')
        reports.set(key, foldReportCommit(reports.get(key) ?? noReports(), commit as Commit<ReportEvent>, seq))
    }
    const fleet: FleetReader = { node: (id) => nodes.get(id), reports: (id) => reports.get(id) }
    return { jobs, nodes, fleet }
  }

  const job = async (name: string): Promise<Job> => (await readAll()).jobs.get(`default/${name}`) ?? noJob()

  /** One step; false when there was nothing to do. */
  const step = async (name: string): Promise<boolean> => {
    const { jobs, nodes, fleet } = await readAll()
    const state = jobs.get(`default/${name}`)
    if (state === undefined || !isPresent(state)) return false
    now += 1
    const { version } = state.versions
    const commits = [...place(state, version, nodes.keys(), fleet)]
    if (commits.length === 0)
      commits.push(
        ...advanceRollout(state, {
          ...planFactsOf(state, fleet),
          epoch: 0,
          nowMs: now,
          mayGrant: true,
          sight: 'clear',
          policy: resolveRolloutPolicy(state.versions.spec),
          newRolloutId: () => ulid() as RolloutId,
          newExecutionId: () => ulid() as ExecutionId,
          seedOf: (of) => planSeed(`default/${name}`, of),
          hashOfTargets: (ordered) => sha256(ordered.join('\n')),
          hashOfSpec: (spec) => sha256(JSON.stringify(spec)),
        }),
      )
    for (const events of commits) await write(jobSubject(keyOf(name)), events)
    return commits.length > 0
  }

  const place = (state: Job, version: number, ids: Iterable<string>, fleet: FleetReader) => {
    if (!isPresent(state) || state.versions.lifecycle !== 'active') return []
    const spec = state.versions.spec as unknown as JobSpec
    const selector = parseSelector(spec.selector ?? {})
    if (!selector.ok) throw new Error('the test applied a selector that is none')
    const facts = [...ids].flatMap(
      (id) => nodeFacts(id as NodeId, fleet.node(id as NodeId), fleet.reports(id as NodeId)) ?? [],
    )
    const difference = evaluatePlacement(state.placement.nodes, { selector: selector.selector, type: spec.type }, facts)
    const evaluation = { id: ulid() as EvaluationId, trigger: 'job_updated' as const, version }
    return recordPlacement(state, difference, evaluation, (sorted) => sha256(sorted.join('\n')))
  }

  const settle = async (name: string): Promise<Job> => {
    for (let steps = 0; await step(name); steps += 1) if (steps > 100) throw new Error('the rollout never waits')
    return job(name)
  }

  return {
    job,
    settle,
    judge: async (name, wanted) => {
      const state = await job(name)
      const verdicts = Object.entries(wanted).flatMap(([node, is]): Verdict[] => {
        const grant = state.rollouts.grants.get(node as NodeId)
        if (grant === undefined) throw new Error(`${node} has no grant`)
        const good = is === 'healthy'
        return [
          {
            node: node as NodeId,
            execution: grant.execution,
            generation: [grant.epoch, grant.seq],
            verdict: is,
            reason: good ? 'success_threshold' : 'failure_threshold',
            window: good ? 2 : 3,
            evidence: [1, 2, 3].slice(0, good ? 2 : 3).map((n) => ({ n, in: 20, failed: good ? 0 : 12 })),
          },
        ]
      })
      for (const events of recordVerdicts(state, verdicts)) await write(jobSubject(keyOf(name)), events)
      return settle(name)
    },
  }
}
