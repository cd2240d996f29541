/**
 * The folds of the whole log, one per kind of subject. Each reads its own subjects only, so folding across subjects
 * commutes; what joins them is computed on read. The event store meets this shape structurally.
 */
import type { Commit, JobSubjectEvent, LogOwnEvent, NodeEvent, ReportEvent, TokenEvent } from '@dunlin/contracts'
import { eventTypes, nodeActor } from '@dunlin/contracts'
import { reportsFromJson, reportsToJson } from '../execution/codec.ts'
import { foldReportCommit, noReports, type NodeReports } from '../execution/state.ts'
import { jobFromJson, jobToJson } from '../job/codec.ts'
import { foldJobCommit } from '../job/evolve.ts'
import { noJob, type Job } from '../job/state.ts'
import { nodeFromJson, nodeToJson } from '../node/codec.ts'
import { foldNodeCommit, noNode, type NodeState } from '../node/state.ts'
import { foldTokenCommit, noToken, tokenFromJson, tokenToJson, type TokenState } from '../token/state.ts'
import { foldLogCommit, noLog, type LogState } from './log-state.ts'

type AnyCommit = Commit<{ readonly type: string }>

const jobTypes: ReadonlySet<string> = new Set(eventTypes.job)
const nodeTypes: ReadonlySet<string> = new Set(eventTypes.node)
const tokenTypes: ReadonlySet<string> = new Set(eventTypes.token)
const reportTypes: ReadonlySet<string> = new Set(eventTypes.report)
const logTypes: ReadonlySet<string> = new Set(eventTypes.log)

/** The casts are safe: the fence has asked `knows` for every event type of the commit before it folds. */
export const foldings = {
  job: {
    initial: noJob,
    applyCommit: (state: Job, commit: AnyCommit, seq: number): Job =>
      foldJobCommit(state, commit as Commit<JobSubjectEvent>, seq),
    knows: (type: string): boolean => jobTypes.has(type),
    fence: 'strict' as const,
    remembers: (state: Job, cmd: string): boolean => state.commands.byId.has(cmd),
    toJson: (state: Job): unknown => jobToJson(state),
    fromJson: jobFromJson,
  },
  node: {
    initial: noNode,
    applyCommit: (state: NodeState, commit: AnyCommit, seq: number): NodeState =>
      foldNodeCommit(state, commit as Commit<NodeEvent>, seq),
    knows: (type: string): boolean => nodeTypes.has(type) || type === 'Checkpointed',
    fence: 'strict' as const,
    remembers: (state: NodeState, cmd: string): boolean => state.commands?.byId.has(cmd) === true,
    toJson: (state: NodeState): unknown => nodeToJson(state),
    fromJson: nodeFromJson,
  },
  token: {
    initial: noToken,
    applyCommit: (state: TokenState, commit: AnyCommit): TokenState =>
      foldTokenCommit(state, commit as Commit<TokenEvent>),
    knows: (type: string): boolean => tokenTypes.has(type) || type === 'Checkpointed',
    fence: 'strict' as const,
    toJson: tokenToJson,
    fromJson: tokenFromJson,
  },
  report: {
    initial: noReports,
    applyCommit: (state: NodeReports, commit: AnyCommit, seq: number): NodeReports =>
      foldReportCommit(state, commit as Commit<ReportEvent>, seq),
    knows: (type: string): boolean => reportTypes.has(type),
    writerOf: nodeActor,
    fence: 'report' as const,
    toJson: (state: NodeReports): unknown => reportsToJson(state),
    fromJson: reportsFromJson,
  },
  log: {
    initial: noLog,
    applyCommit: (state: LogState, commit: AnyCommit): LogState => foldLogCommit(state, commit as Commit<LogOwnEvent>),
    knows: (type: string): boolean => logTypes.has(type) || type === 'Checkpointed',
    fence: 'strict' as const,
    toJson: (state: LogState): unknown => state,
    fromJson: (json: unknown): LogState => json as LogState,
  },
}

/** What a process that folds the whole log knows, by kind of subject. */
export type FleetKinds = { readonly [K in keyof typeof foldings]: ReturnType<(typeof foldings)[K]['initial']> }

/** Number of the folds together; part of every snapshot. */
export const FOLD_VERSION = 7
