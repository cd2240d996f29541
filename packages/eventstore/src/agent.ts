/** The ports that the agent uses; types only, so that its bundle stays small. */
export type { Bus, BusMessage, Conversation, ConversationHandlers, Subscription } from './bus.ts'
export type { AppendRequest, AppendResult, Log, Recorded } from './log.ts'
export type { KeyValue, KvEntry } from './kv.ts'
