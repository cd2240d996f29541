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
export type { Bus, BusMessage, CommandQueue, QueuedCommand, Subscription } from './bus.ts'
export type { Decider } from './decider.ts'
export type { Admission, Aggregate, Condition, Folded, Folding } from './aggregate.ts'
export type { StorePorts } from './ports.ts'
