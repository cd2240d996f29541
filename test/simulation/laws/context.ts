/** What a law sees when it looks at an event: the ledger as it was before, and a way to say that it is broken. */
import type { Commit, JobSubjectEvent, RolloutEvent } from '@dunlin/contracts'
import type { JobEntry, Ledger, RolloutEntry } from './ledger.ts'
import type { Law } from './names.ts'

export interface Sight {
  readonly ledger: Ledger
  readonly key: string
  readonly job: JobEntry
  readonly seq: number
  readonly commit: Commit<JobSubjectEvent>
  /** A service may have decided on a state some seconds old: its log was slow or cut, or it was frozen. */
  readonly isLate: boolean
  readonly nowMono: number
  /** It beats, and does not read its documents. */
  readonly readsNothing: (node: string) => boolean
  /** When the grant of a node was revoked, by job and node. */
  readonly revokedAt: Map<string, number>
  readonly fail: (law: Law, detail: string) => void
}

export type EventOf<T extends RolloutEvent['type']> = Extract<RolloutEvent, { type: T }>

export const rolloutOf = (job: JobEntry, id: string): RolloutEntry | undefined =>
  job.rollouts.find((rollout) => rollout.id === id)

export const isPerson = (actor: string): boolean => !actor.startsWith('service:')
