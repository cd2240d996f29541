/**
 * Secondary indexes over the fold, for lists that neither scan nor sort. Folding only marks what changed; the marks are
 * worked off when somebody lists, so that a replay of the whole log costs nothing here.
 */
import type { Commit, JobSubjectEvent, NodeId } from '@dunlin/contracts'
import { jobKeyText } from '@dunlin/contracts'
import {
  isPresent,
  labelsOf,
  observe,
  observeFormer,
  type Connection,
  type Job,
  type NodeReports,
  type NodeState,
  type ObservedState,
} from '@dunlin/domain'
import { createFacetIndex, type FacetIndex } from '../lists/facet-index.ts'

/** What the indexes read of the fold. */
export interface FoldTables {
  readonly job: (key: string) => Job | undefined
  readonly node: (id: string) => NodeState | undefined
  readonly reports: (id: string) => NodeReports | undefined
}

export interface FleetIndex {
  /** By job key; facets `live`, `state:…`, `type:…`, `label:k=v`. */
  jobs(): FacetIndex
  /** By node id; facets `present`, `connection:…`, `label:k=v`. */
  nodes(): FacetIndex
  /** By `executionKey`; facets `node:…`, `state:…`. */
  executions(): FacetIndex
  /** How many executions of a node are not over, as far as is known; what it was granted and may start counts. */
  executionsOn(node: string): number
  /** Jobs that may have a grant on a node. */
  jobsOn(node: string): Iterable<string>
  jobCommitted(key: string, commit: Commit<JobSubjectEvent>): void
  nodeCommitted(id: string): void
  reportCommitted(id: string): void
  /** Takes over what a snapshot brought; it is looked at when somebody lists for the first time. */
  adopt(jobs: Iterable<string>, nodes: Iterable<string>): void
  clear(): void
}

const SEPARATOR = '\u0001'
/** Sorted by job, then node. */
const executionKey = (job: string, node: string, execution: string): string =>
  `${job}${SEPARATOR}${node}${SEPARATOR}${execution}`
export const executionPrefix = (job: string): string => `${job}${SEPARATOR}`
export const parseExecutionKey = (key: string) => {
  const [job = '', node = '', execution = ''] = key.split(SEPARATOR)
  return { job, node: node as NodeId, execution }
}

const labelFacets = (labels: unknown): string[] =>
  Object.entries((labels ?? {}) as Readonly<Record<string, unknown>>).map(
    ([key, value]) => `label:${key}=${String(value)}`,
  )

const NEVER: Connection = { is: 'never' }

export const createFleetIndex = (tables: FoldTables): FleetIndex => {
  const jobs = createFacetIndex()
  const nodes = createFacetIndex()
  const executions = createFacetIndex()
  const dirtyJobs = new Set<string>()
  const dirtyNodes = new Set<string>()
  /** Jobs of a snapshot whose grants were not read yet. */
  const unlinked = new Set<string>()
  const jobsOn = new Map<string, Set<string>>()
  const nodesOf = new Map<string, Set<string>>()
  const rowsOf = new Map<string, readonly string[]>()
  const runsOn = new Map<string, number>()

  const link = (job: string, node: string): void => {
    ;(jobsOn.get(node) ?? jobsOn.set(node, new Set()).get(node))?.add(job)
    ;(nodesOf.get(job) ?? nodesOf.set(job, new Set()).get(job))?.add(node)
    dirtyNodes.add(node)
  }

  const workOffNodes = (): void => {
    for (const key of unlinked) for (const node of tables.job(key)?.rollouts.grants.keys() ?? []) link(key, node)
    unlinked.clear()
    workOff(dirtyNodes, refreshNode)
  }

  const refreshJob = (key: string): void => {
    const job = tables.job(key)
    if (job === undefined || !isPresent(job)) return jobs.update(key, undefined)
    const { lifecycle, state, spec } = job.versions
    const live = lifecycle === 'deleted' ? [] : ['live']
    jobs.update(key, [...live, `state:${state.type}`, `type:${String(spec['type'])}`, ...labelFacets(spec['labels'])])
  }

  const refreshNode = (id: string): void => {
    const node = tables.node(id)
    const reports = tables.reports(id)
    if (node === undefined && reports?.announced === undefined) nodes.update(id, undefined)
    else {
      const present = node?.admission === 'removed' ? [] : ['present']
      nodes.update(id, [
        ...present,
        `connection:${node?.connection.is ?? 'never'}`,
        ...labelFacets(labelsOf(node, reports)),
      ])
    }
    refreshExecutions(id, reports, node?.connection ?? NEVER)
  }

  const refreshExecutions = (id: string, reports: NodeReports | undefined, connection: Connection): void => {
    const rows = new Map<string, string>()
    const isRemoved = tables.node(id)?.admission === 'removed'
    for (const reported of reports?.executions.values() ?? [])
      rows.set(executionKey(jobKeyText(reported.job), id, reported.execution), observeFormer(reported, isRemoved))
    for (const job of jobsOn.get(id) ?? []) {
      const grant = tables.job(job)?.rollouts.grants.get(id as NodeId)
      if (grant === undefined) {
        jobsOn.get(id)?.delete(job)
        nodesOf.get(job)?.delete(id)
        continue
      }
      const observed = observe(grant, reports?.executions.get(grant.execution), connection)
      rows.set(executionKey(job, id, grant.execution), observed.state)
    }
    for (const key of rowsOf.get(id) ?? []) if (!rows.has(key)) executions.update(key, undefined)
    for (const [key, state] of rows) executions.update(key, [`node:${id}`, `state:${state}`])
    rowsOf.set(id, [...rows.keys()])
    runsOn.set(id, [...rows.values()].filter((state) => !over.has(state)).length)
  }

  return {
    jobs: () => (workOff(dirtyJobs, refreshJob), jobs),
    nodes: () => (workOffNodes(), nodes),
    executions: () => (workOffNodes(), executions),
    jobsOn: (node) => (workOffNodes(), jobsOn.get(node) ?? []),
    executionsOn: (node) => (workOffNodes(), runsOn.get(node) ?? 0),
    jobCommitted: (key, commit) => {
      dirtyJobs.add(key)
      for (const event of commit.ev) {
        if (event.type === 'NodesGranted') for (const [node] of event.grants) link(key, node)
        else if (event.type === 'VerdictsReached') for (const { node } of event.verdicts) dirtyNodes.add(node)
        else if (event.type === 'Checkpointed')
          // The stored state came in one piece: its grants are read from it.
          for (const node of tables.job(key)?.rollouts.grants.keys() ?? []) link(key, node)
        else if (releases.has(event.type) && !unlinked.has(key))
          for (const node of nodesOf.get(key) ?? []) dirtyNodes.add(node)
      }
    },
    nodeCommitted: (id) => void dirtyNodes.add(id),
    reportCommitted: (id) => void dirtyNodes.add(id),
    adopt: (jobKeys, nodeIds) => {
      for (const key of jobKeys) {
        dirtyJobs.add(key)
        unlinked.add(key)
      }
      for (const id of nodeIds) dirtyNodes.add(id)
    },
    clear: () => {
      for (const index of [jobs, nodes, executions]) index.clear()
      for (const map of [jobsOn, nodesOf, rowsOf, runsOn]) map.clear()
      dirtyJobs.clear()
      dirtyNodes.clear()
      unlinked.clear()
    },
  }
}

const workOff = (dirty: Set<string>, refresh: (key: string) => void): void => {
  for (const key of dirty) refresh(key)
  dirty.clear()
}

const over: ReadonlySet<string> = new Set<ObservedState>(['completed', 'failed', 'stopped'])

/** Events that may take grants away from nodes that they do not all name. */
const releases: ReadonlySet<string> = new Set<JobSubjectEvent['type']>([
  'JobCreated',
  'JobStopped',
  'JobTimedOut',
  'JobDeleted',
  'PlacementCompleted',
  'NodesDeferred',
])
