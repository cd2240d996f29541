/** What all commands of people and programs to a job have in common. */
import type { CommandOutcome, JobSubjectEvent } from '@dunlin/contracts'
import { decided, type Decision } from '../decision.ts'
import { outcomeOf, type PresentJob } from './state.ts'

/** What every command of a person or program carries. */
export interface CommandHead {
  readonly id: string
  /** Set when the caller chose `id`: SHA-256 of the command's canonical body. */
  readonly req?: string
  /** Set when it came by subject: creation time of COMMANDS and the sequence in it. */
  readonly src?: { readonly created: string; readonly seq: number }
  /** Milliseconds since the epoch. */
  readonly at: number
  /** After this instant the command must not be applied. */
  readonly notAfter?: number
  /** If-Match: what the writer saw. */
  readonly expected?: { readonly revision: number } | { readonly version: number }
}

export type JobDecision = Decision<JobSubjectEvent, CommandOutcome>

/** Writes nothing, unless the caller's id must be remembered. */
export const unchanged = (job: PresentJob, command: CommandHead): JobDecision => {
  const outcome = outcomeOf(job, true)
  return decided(command.req === undefined ? [] : [{ type: 'CommandNoted', outcome }], outcome)
}
