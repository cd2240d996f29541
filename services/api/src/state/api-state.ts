/**
 * Everything the API knows: the fold of the log with the domain's foldings, the indexes for its lists, and which job
 * answered which command. One process, one state, rebuilt from the log at every start, from the last snapshot on.
 */
import type { Commit, JobKey, JobSubjectEvent } from '@dunlin/contracts'
import { jobKeyText } from '@dunlin/contracts'
import {
  FOLD_VERSION,
  foldings,
  shrinkReportsOf,
  type FleetKinds,
  type Job,
  type NodeReports,
  type NodeState,
} from '@dunlin/domain'
import { createFold, type Aggregate, type Fold, type Folded, type LoadedSnapshot } from '@dunlin/eventstore'
import { parseLogSubject } from '@dunlin/nats'
import type { Metrics } from '@dunlin/runtime'
import { createCommandIndex, type CommandIndex } from './command-index.ts'
import { createFleetIndex, type FleetIndex } from './fleet-index.ts'

export interface ApiState {
  readonly fold: Fold<FleetKinds>
  readonly index: FleetIndex
  readonly commands: CommandIndex
  job(key: JobKey): Aggregate<Job> | undefined
  node(id: string): NodeState | undefined
  reports(id: string): NodeReports | undefined
  /** Log sequence up to which this state has folded everything. */
  seq(): number
  /** The log went backwards: everything is dropped before it is read again. */
  clear(): void
  /** What a snapshot keeps besides the fold. */
  extra(): unknown
}

export const API_FOLD = `api/${FOLD_VERSION}`

/** @param onNode told of every change of a node's subject, also before the log was read to its end */
export const createApiState = (
  metrics: Metrics,
  snapshot?: LoadedSnapshot,
  onNode: (id: string, node: NodeState) => void = () => {},
): ApiState => {
  const commands = createCommandIndex()

  const onFolded = (folded: Folded<keyof FleetKinds>, aggregate: Aggregate<FleetKinds[keyof FleetKinds]>): void => {
    const { kind, key, commit, admission } = folded
    metrics.add('dunlin_commits_folded_total', { admission })
    if (admission !== 'admitted' || commit === undefined) return
    if (kind === 'job') {
      index.jobCommitted(key, commit as Commit<JobSubjectEvent>)
      if (commit.req !== undefined) commands.note(commit.cmd, key)
      // A checkpoint brings what its job remembers without the commits that said it.
      if (commit.ev[0]?.type === 'Checkpointed')
        for (const id of (aggregate as Aggregate<Job>).state.commands.byId.keys()) commands.note(id, key)
    } else if (kind === 'node') {
      if (commit.ev.some(({ type }) => type === 'NodeRemoved')) shrinkReportsOf(fold, key)
      index.nodeCommitted(key)
      onNode(key, (aggregate as Aggregate<NodeState>).state)
      if (commit.req !== undefined) commands.note(commit.cmd, key)
      if (commit.ev[0]?.type === 'Checkpointed')
        for (const id of (aggregate as Aggregate<NodeState>).state.commands?.byId.keys() ?? []) commands.note(id, key)
    } else if (kind === 'report') index.reportCommitted(key)
  }

  const fold = createFold<FleetKinds>({
    route: parseLogSubject,
    kinds: foldings,
    onFolded,
    version: API_FOLD,
    ...(snapshot === undefined ? {} : { snapshot }),
  })
  const node = (id: string): NodeState | undefined => fold.get('node', id)?.state
  const reports = (id: string): NodeReports | undefined => fold.get('report', id)?.state
  const index = createFleetIndex({ job: (key) => fold.get('job', key)?.state, node, reports })
  if (snapshot !== undefined) {
    index.adopt(fold.table('job').keys(), fold.table('node').keys())
    for (const [id, key] of rememberedIn(snapshot.extra)) commands.note(id, key)
  }
  metrics.observe('dunlin_log_seq', () => fold.position?.seq ?? 0)
  metrics.observe('dunlin_aggregates_quarantined', () => fold.quarantined().length)

  return {
    fold,
    index,
    commands,
    node,
    reports,
    job: (key) => fold.get('job', jobKeyText(key)),
    seq: () => fold.position?.seq ?? 0,
    extra: () => ({ commands: commands.entries() }),
    clear: () => {
      index.clear()
      commands.clear()
    },
  }
}

/** A snapshot is our own, found by fold version. */
const rememberedIn = (extra: unknown): readonly (readonly [commandId: string, jobKey: string])[] =>
  (extra as { readonly commands?: [string, string][] } | undefined)?.commands ?? []
