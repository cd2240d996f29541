/** After a start of the agent: what the journal and the task directories say becomes the agent's memory again. */
import type { Phase } from '@dunlin/domain/agent'
import type { Clock } from '@dunlin/runtime/agent'
import type { KnownExecution } from '../journal/journal.ts'
import { newCutting, type Execution } from './execution.ts'

export const recoverExecution = (known: KnownExecution, acknowledgedJ: number, clock: Clock): Execution => {
  const { entry, local, latest, j } = known
  const nowMs = clock.monotonicMs()
  // The wall clock bridges the two processes; one that was set back must not put the beginning into the future.
  const since = (atMs: number): number => nowMs - Math.max(0, clock.nowMs() - atMs)
  const startedMs = since(local.startingAt)
  const saved = local.cutting ?? newCutting(entry, startedMs)
  const { finishedMs, ...rest } = saved
  return {
    entry,
    local,
    latest,
    j,
    phase: phaseOf(known, acknowledgedJ, clock),
    cutting: { ...rest, startedMs, ...(finishedMs === undefined ? {} : { finishedMs: nowMs }) },
    content: undefined,
    attemptStartedMs: since(local.attemptAt),
    toldDegradedMs: -Infinity,
    toldState: latest.state,
  }
}

/** What was under way is looked at again: a running attempt is adopted, or found ended or lost, by the first look. */
const phaseOf = ({ local, latest, j }: KnownExecution, acknowledgedJ: number, clock: Clock): Phase => {
  const acknowledged = j <= acknowledgedJ
  if (latest.state === 'stopped' || latest.state === 'completed' || latest.state === 'failed')
    return { is: 'ended', acknowledged }
  if (local.attempt === 0) return { is: 'announced', acknowledged }
  if (local.nextAttemptAt !== undefined)
    return { is: 'backing_off', untilMs: clock.monotonicMs() + Math.max(0, local.nextAttemptAt - clock.nowMs()) }
  return { is: 'running' }
}
