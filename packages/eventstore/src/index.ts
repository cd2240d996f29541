/** Ports of the event store, and what works on them. */
export type {
  AppendRequest,
  AppendResult,
  Follower,
  FollowHandlers,
  Log,
  LogInfo,
  LogPosition,
  Recorded,
} from './log.ts'
export { markOf } from './log.ts'
export type { DocumentStore, KeyValue, KvEntry, ObjectStore } from './kv.ts'
export type { Bus, BusMessage, CommandQueue, Conversation, QueuedCommand, Subscription } from './bus.ts'
export type { Decider } from './decider.ts'
export { conditionError } from './aggregate.ts'
export type { Admission, Aggregate, Condition, Folded, Folding } from './aggregate.ts'
export type { StorePorts } from './ports.ts'
export type { StoreClock } from './clock.ts'
export type { AnyCommit, AnyEvent } from './any-commit.ts'
export { bootOf, judge, type FencePosition, type FenceRules } from './fence.ts'
export { createFold } from './fold/fold.ts'
export type { Fold, FoldOptions, FoldSnapshot, Kinds } from './fold/types.ts'
export { decodeState, encodeState, type CheckpointName, type StoredState } from './fold/checkpoint.ts'
export { commitMessageId } from './message-id.ts'
export { createCommandHandler } from './handle/handle-command.ts'
export {
  HANDLER_LIMITS,
  type CommandEnvelope,
  type CommandHandler,
  type CommandHandlerOptions,
  type Decision,
  type HandlerLimits,
  type HandleRequest,
  type HandleResult,
} from './handle/types.ts'
export type { ReadonlyTable, Table } from './table.ts'
export { followInto, type FoldFollower, type FollowHealth, type FollowIntoOptions } from './follow/follow-into.ts'
export { holdLease, type Lease, type LeaseOptions } from './lease.ts'
export { writeSnapshot, type WrittenSnapshot } from './snapshot/write.ts'
export { loadSnapshot, type LoadedSnapshot } from './snapshot/load.ts'
export { keepSnapshots, type KeepSnapshotsOptions, type SnapshotKeeper } from './snapshot/keep.ts'
export { compactAggregate } from './compact/compact-aggregate.ts'
export { compactLog } from './compact/compact-log.ts'
export { COMPACT_POLICY, planCompaction, type CompactPolicy, type PlannedCompaction } from './compact/plan.ts'
export { readHistory, type HistoryOptions } from './compact/read-history.ts'
export type { CompactOptions, CompactResult, CompactStep, CompactTarget, SkipReason } from './compact/types.ts'
