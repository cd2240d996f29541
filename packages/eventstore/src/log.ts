/**
 * The log port: the one stream of commits. Two implementations stand behind it, `memory/` and JetStream in
 * @dunlin/nats, and one contract suite (`contract/`) holds for both.
 */

/** A message of the log as it was stored. `data` is the body's bytes; who needs the commit parses it once. */
export interface Recorded {
  readonly seq: number
  readonly subject: string
  readonly data: Uint8Array
  /** Server's time of storing, ms since the epoch; for people only, never for decisions. */
  readonly storedAtMs: number
  readonly msgId?: string | undefined
}

export interface AppendRequest {
  readonly subject: string
  readonly data: Uint8Array
  /** Stream sequence of the subject's last message that the writer saw; 0 = none yet. Always stated. */
  readonly expected: number
  /** `Nats-Msg-Id`; absent on report subjects, where one writer and the compare-and-set suffice. */
  readonly msgId?: string
  /** Event types, for the header `Dunlin-Types` (consumers that read headers only). */
  readonly types?: readonly string[]
  readonly traceparent?: string
}

/**
 * `conflict`: the subject moved on; `actual` is its last sequence when the server told it. Nothing was written.
 * `duplicate: true` is not success of this decision: the same message id was stored before, at `seq`.
 */
export type AppendResult =
  | { readonly ok: true; readonly seq: number; readonly duplicate: boolean }
  | { readonly ok: false; readonly conflict: true; readonly actual?: number }

export interface LogInfo {
  /** Creation time of the stream, ISO: a restored or re-created stream has another. */
  readonly created: string
  readonly firstSeq: number
  /** 0 when empty. */
  readonly lastSeq: number
  readonly messages: number
  readonly bytes: number
  /** -1 = no limit. */
  readonly maxBytes: number
}

/** Where a follower stands; enough to notice that the log went backwards. */
export interface LogPosition {
  readonly created: string
  readonly seq: number
  /** Message id and subject at `seq`, when known: compared on every connect. */
  readonly mark?: string
}

export interface FollowHandlers {
  /**
   * Called with consecutive messages in stream order (a purge leaves holes, never a reorder). Synchronous: the next
   * batch comes after it returns. What it throws ends the follower (`onEnd`).
   */
  readonly onBatch: (batch: readonly Recorded[]) => void
  /** Every message that existed when following began (or began again) was delivered. May come again after a reconnect. */
  readonly onCaughtUp?: (seq: number) => void
  /** The log is not the one that `from` belongs to, or ends before it. Nothing more is delivered; start anew from 0. */
  readonly onRewound?: (why: string) => void
  /** The connection to the log was lost (false) or is there again (true). */
  readonly onLive?: (live: boolean) => void
  readonly onEnd?: (error: Error | undefined) => void
}

export interface Follower {
  /** Ends following; resolves when no handler will be called again. */
  stop(): Promise<void>
}

export interface Log {
  /**
   * Appends one message if the subject's last sequence is `expected`. An outcome that is unknown (lost acknowledgement,
   * reconnect) is asked again under the same message id inside the implementation, until `timeoutMs` of the
   * implementation is over. Throws `DunlinError`: log_unavailable and log_full (retryable), commit_too_large (terminal).
   */
  append(request: AppendRequest): Promise<AppendResult>
  /** Last message of a subject, from the leader. */
  last(subject: string): Promise<Recorded | undefined>
  /** All messages of one subject in order, from `fromSeq` (inclusive) on. */
  read(subject: string, fromSeq?: number): AsyncIterable<Recorded>
  /** One message by sequence. */
  at(seq: number): Promise<Recorded | undefined>
  /** Delivers everything after `from` (nothing = from the beginning), then what comes. */
  follow(from: LogPosition | undefined, handlers: FollowHandlers): Follower
  info(): Promise<LogInfo>
  /** Deletes the subject's messages with a sequence below `belowSeq`; never its last one. Returns how many. */
  purge(subject: string, belowSeq: number): Promise<number>
}

/** The mark by which a follower recognises a message again. */
export const markOf = (recorded: Recorded): string =>
  `${recorded.subject} ${recorded.msgId ?? ''} ${recorded.data.length}`
