/**
 * A commit is one message of the log: everything that one command decided about one subject. Its body is JSON with
 * short keys, because a fleet writes millions of them. docs/protocol.md shows one of each kind.
 */
import type { Actor } from './actor.ts'
import type { LogEvent } from './events/index.ts'
import { isInstant } from './instant.ts'

/** Schema number of the envelope and of the events in it. A higher one makes its aggregate read-only (`needs_upgrade`). */
export const COMMIT_SCHEMA = 1

export interface Commit<E extends { readonly type: string } = LogEvent> {
  readonly s: number
  /** Version of the subject's aggregate after this commit; counts 1, 2, 3 ... (per boot on report subjects). */
  readonly v: number
  /** Id of the command that was decided; derived ids of the system start with "~". */
  readonly cmd: string
  readonly by: Actor
  /** Milliseconds since the Unix epoch: max(own clock, `at` of the subject's last commit). */
  readonly at: number
  /** The commit that made a process decide this one. */
  readonly cause?: { readonly seq: number; readonly cmd: string }
  /** Present when the caller chose `cmd`: SHA-256 of the command's canonical body, for `idempotency_key_reused`. */
  readonly req?: string
  /** Present when the command came by subject: creation time of COMMANDS (ISO) and the message's sequence in it. */
  readonly src?: { readonly created: string; readonly seq: number }
  readonly ev: readonly E[]
}

/** Why bytes are not a commit; `newer` means a later release wrote it. */
export type UnreadableCommit = {
  readonly reason: 'not_json' | 'not_a_commit' | 'newer_schema'
  readonly detail: string
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/**
 * Checks the envelope by hand: a whole log is read at several hundred thousand commits a second, and a schema library
 * would double the cost. Event bodies were parsed by the writer's schemas; folds refuse types they do not know.
 */
export const readCommit = (json: unknown): Commit | UnreadableCommit => {
  if (typeof json !== 'object' || json === null) return { reason: 'not_a_commit', detail: 'the body is not an object' }
  const c = json as Partial<Record<keyof Commit, unknown>>
  if (!isCount(c.s)) return { reason: 'not_a_commit', detail: '"s" is not a schema number' }
  if (c.s > COMMIT_SCHEMA) return { reason: 'newer_schema', detail: `schema ${c.s} is newer than ${COMMIT_SCHEMA}` }
  if (!isCount(c.v) || c.v === 0) return { reason: 'not_a_commit', detail: '"v" is not a version' }
  if (typeof c.cmd !== 'string' || typeof c.by !== 'string' || !isInstant(c.at))
    return { reason: 'not_a_commit', detail: '"cmd", "by" or "at" is missing' }
  if (!Array.isArray(c.ev)) return { reason: 'not_a_commit', detail: '"ev" is not a list of events' }
  for (const event of c.ev as unknown[]) {
    if (typeof event !== 'object' || event === null || typeof (event as { type?: unknown }).type !== 'string')
      return { reason: 'not_a_commit', detail: 'an event has no type' }
  }
  return json as Commit
}

export const isUnreadable = (read: Commit | UnreadableCommit): read is UnreadableCommit => !('ev' in read)
