/** A decision's events as commits, and as the bytes that go to the log. */
import { COMMIT_SCHEMA, DunlinError } from '@dunlin/contracts/agent'
import type { AnyCommit, AnyEvent } from '../any-commit.ts'
import type { CommandEnvelope } from './types.ts'

export interface EncodedCommit {
  readonly commit: AnyCommit
  readonly data: Uint8Array
  readonly types: readonly string[]
}

type Mutable<T> = { -readonly [P in keyof T]: T[P] }

const typesOf = (events: readonly AnyEvent[]): string[] => {
  const types: string[] = []
  for (const { type } of events) if (!types.includes(type)) types.push(type)
  return types
}

/**
 * @param v version that the commit gives its aggregate
 * @param at milliseconds since the epoch, not below the subject's last commit
 */
export const encodeCommit = (
  command: CommandEnvelope,
  v: number,
  at: number,
  events: readonly AnyEvent[],
  maxBytes: number,
): EncodedCommit => {
  const commit: Mutable<AnyCommit> = { s: COMMIT_SCHEMA, v, cmd: command.id, by: command.by, at, ev: events }
  if (command.req !== undefined) commit.req = command.req
  if (command.src !== undefined) commit.src = command.src
  if (command.cause !== undefined) commit.cause = command.cause
  const data = Buffer.from(JSON.stringify(commit))
  if (data.byteLength > maxBytes)
    throw new DunlinError('commit_too_large', `A commit of ${data.byteLength} bytes; ${maxBytes} fit.`, {
      data: { sizeBytes: data.byteLength, limitBytes: maxBytes },
    })
  return { commit, data, types: typesOf(events) }
}
