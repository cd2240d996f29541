/** A commit as the event store sees it: the envelope, and events of which only the type matters here. */
import type { Commit } from '@dunlin/contracts/agent'

export type AnyEvent = { readonly type: string }
export type AnyCommit = Commit<AnyEvent>
