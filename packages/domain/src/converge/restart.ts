/** What follows when an attempt ended: completed, failed, or the next attempt after a back-off. */
import type { Content, Transition } from '@dunlin/contracts/agent'

const BACK_OFF_FIRST_MS = 1_000
const BACK_OFF_MOST_MS = 5 * 60_000
/** An attempt that ran this long counts as healthy: the next failure starts again at the first back-off. */
export const BACK_OFF_RESET_MS = 10 * 60_000

type Failure = NonNullable<Transition['error']>

export type Ending =
  | { readonly is: 'exited'; readonly code: number | null; readonly signal: string | null; readonly error?: Failure }
  /** The attempt used up its execution_timeout and was stopped by the agent. */
  | { readonly is: 'timed_out'; readonly timeoutMs: number }
  /** The agent ended it for what it found: a probe that failed, a quota. `permanent`: another attempt would end the same. */
  | { readonly is: 'unfit'; readonly permanent: boolean; readonly error: Failure }
  /** The process is gone and nobody saw how: the host or the shim died. */
  | { readonly is: 'lost' }
  /** It could not be started. `permanent`: trying again cannot help (unknown command, bad configuration). */
  | { readonly is: 'not_started'; readonly permanent: boolean; readonly error: Failure }

export interface Attempt {
  readonly policy: Content['restartPolicy']
  readonly ending: Ending
  /** How many restarts in a row came before this attempt without a healthy stretch. */
  readonly streak: number
  /** How long this attempt ran, ms. */
  readonly ranMs: number
  /** Uniform in [0, 1), drawn by the caller. */
  readonly jitter: number
}

export type Next =
  | { readonly is: 'completed' }
  | { readonly is: 'failed'; readonly error: Failure }
  | { readonly is: 'restart'; readonly delayMs: number; readonly streak: number; readonly error: Failure | undefined }

export const afterAttempt = ({ policy, ending, streak, ranMs, jitter }: Attempt): Next => {
  const error = errorOf(ending)
  const permanent = (ending.is === 'not_started' || ending.is === 'unfit') && ending.permanent
  const wantsRestart = policy === 'always' || (policy === 'on-failure' && error !== undefined)
  if (permanent || !wantsRestart) return error ? { is: 'failed', error } : { is: 'completed' }
  const nextStreak = ranMs >= BACK_OFF_RESET_MS ? 1 : streak + 1
  return { is: 'restart', delayMs: backOffMs(nextStreak, jitter), streak: nextStreak, error }
}

/** 1 s doubling to 5 min; the jitter takes up to a fifth away, so that a fleet does not restart in step. */
export const backOffMs = (streak: number, jitter: number): number => {
  const full = Math.min(BACK_OFF_MOST_MS, BACK_OFF_FIRST_MS * 2 ** Math.min(streak - 1, 30))
  return Math.round(full * (1 - jitter / 5))
}

const errorOf = (ending: Ending): Failure | undefined => {
  switch (ending.is) {
    case 'exited':
      if (ending.error) return ending.error
      if (ending.code === 0) return undefined
      return { code: 'exited', message: exitSentence(ending.code, ending.signal) }
    case 'timed_out':
      return {
        code: 'execution_timeout',
        message: `The attempt ran longer than its execution_timeout of ${ending.timeoutMs} ms and was stopped.`,
        hint: 'Raise timeouts.execution_timeout, or find out what takes so long.',
      }
    case 'lost':
      return {
        code: 'process_lost',
        message: 'The process is gone and left no exit code: the host restarted, or its supervisor was killed.',
      }
    case 'not_started':
    case 'unfit':
      return ending.error
  }
}

const exitSentence = (code: number | null, signal: string | null): string => {
  if (signal === null) return `The process ended with exit code ${code ?? 'unknown'}.`
  return `The process was ended by ${signal}${code === null ? '' : ` (exit code ${code})`}.`
}
