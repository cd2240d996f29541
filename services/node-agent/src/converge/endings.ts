/** How an attempt ended, as the restart policy is told. */
import type { Ending } from '@dunlin/domain/agent'
import type { Inspected } from '../drivers/driver.ts'
import type { LocalState } from '../journal/journal.ts'
import type { Execution } from './execution.ts'

/** The agent ended it. */
export const endingBecause = (why: NonNullable<LocalState['ending']>, { content, failure }: Execution): Ending => {
  if (why === 'stop') return { is: 'lost' }
  if (why === 'time_out') return { is: 'timed_out', timeoutMs: content?.executionTimeoutMs ?? 0 }
  // What was found is not kept by the journal: after a restart of the agent the code alone is known.
  const error = failure ?? { code: why, message: `The attempt was ended: ${why.replaceAll('_', ' ')}.` }
  return { is: 'unfit', permanent: why === 'disk_quota', error: { ...error, code: why } }
}

/** It ended by itself. */
export const endingOf = (inspected: Extract<Inspected, { is: 'exited' | 'lost' }>): Ending => {
  if (inspected.is === 'lost') return inspected
  const { code, signal, error, permanent } = inspected
  if (permanent && error) return { is: 'not_started', permanent, error }
  return { is: 'exited', code, signal, ...(error ? { error } : {}) }
}
