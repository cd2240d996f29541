/** The state that a `Checkpointed` commit stands for: an object in ARCHIVE under its hash. */
import { COMMIT_SCHEMA, DunlinError } from '@dunlin/contracts/agent'
import type { AnyCommit } from '../any-commit.ts'
import { parseOne } from '../parse.ts'

export interface StoredState {
  /** Schema number of the writer's commits: a newer one makes the aggregate read-only. */
  readonly s: number
  readonly subject: string
  /** Sequence and version of the last commit that the state holds. */
  readonly upto: number
  readonly v: number
  /** What the kind's `Folding.toJson` gave. */
  readonly state: unknown
}

export interface CheckpointName {
  readonly upto: number
  readonly object: string
  readonly sha256: string
}

/** The checkpoint that a commit names; undefined when its fields are not what the schema says. */
export const checkpointOf = (commit: AnyCommit): CheckpointName | undefined => {
  const event = commit.ev[0] as Partial<CheckpointName> | undefined
  if (typeof event?.object !== 'string' || typeof event.sha256 !== 'string' || typeof event.upto !== 'number')
    return undefined
  return event as CheckpointName
}

export const encodeState = (stored: StoredState): Uint8Array => Buffer.from(JSON.stringify(stored))

/** Throws `corrupt_document` when the bytes are not a stored state. */
export const decodeState = (bytes: Uint8Array): StoredState => {
  const json = parseOne(bytes) as Partial<StoredState> | undefined
  if (json === undefined || json === null || typeof json.s !== 'number' || typeof json.subject !== 'string')
    throw new DunlinError('corrupt_document', 'An object in the archive is not a stored state.')
  return json as StoredState
}

export const isFromNewerRelease = (stored: StoredState): boolean => stored.s > COMMIT_SCHEMA
