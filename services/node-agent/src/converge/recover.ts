/** After a start of the agent: what the journal and the task directories say becomes the agent's memory again. */
import type { ExecutionId } from '@dunlin/contracts/agent'
import { backOffMs, type Phase } from '@dunlin/domain/agent'
import type { Clock } from '@dunlin/runtime/agent'
import { sweepTaskDir } from '../drivers/launch.ts'
import { removeTree } from '../drivers/remove-tree.ts'
import type { KnownExecution } from '../journal/journal.ts'
import type { AgentPorts } from '../ports.ts'
import type { Attempts } from './attempts.ts'
import { newCutting, type Execution } from './execution.ts'
import { orphanTasks } from './task-record.ts'

interface Recovery {
  readonly ports: Pick<AgentPorts, 'journal' | 'clock' | 'logger'>
  readonly attempts: Attempts
  /** Filled with what is found. */
  readonly executions: Map<ExecutionId, Execution>
  readonly dataDir: string
}

export const recoverExecutions = (recovery: Recovery): void => {
  const { ports, executions, dataDir } = recovery
  const { journal, clock, logger } = ports
  for (const known of journal.executions())
    executions.set(known.entry.execution, recoverExecution(known, journal.acknowledgedJ, clock))
  for (const { name, dir, record } of orphanTasks(dataDir, new Set<string>(executions.keys()))) {
    logger.warn('a task that the journal does not know', { execution: name, known: record !== undefined })
    if (!record) {
      // Whatever it was, nobody can name it any more: it must not run on.
      void endNameless(dir).catch((error: unknown) =>
        logger.warn('a folder could not be removed', { execution: name, error: String(error) }),
      )
      continue
    }
    journal.saveContent(record.entry.content, record.content)
    const j = journal.record(record.entry, record.local, record.latest, true)
    executions.set(record.entry.execution, recoverExecution({ ...record, j }, journal.acknowledgedJ, clock))
  }
  for (const one of executions.values())
    try {
      resume(one, recovery)
    } catch (error) {
      // It is looked at again in every round; the agent must come up for the others.
      logger.error('an execution could not be found again', { execution: one.entry.execution, error: String(error) })
    }
}

/** Goes on with an end that was under way, and gives an adopted attempt its timeout. */
const resume = (one: Execution, { attempts, ports: { logger } }: Recovery): void => {
  if (one.phase.is !== 'running') return
  const { ending } = one.local
  const ready = attempts.task(one)
  const limitMs = one.content?.executionTimeoutMs ?? 0
  if (limitMs > 0) one.phase = { is: 'running', timeoutAtMs: one.attemptStartedMs + limitMs }
  const inspected = ready?.driver.inspect(ready.task)
  logger.info('found again', { execution: one.entry.execution, job: one.entry.job, task: inspected?.is, ending })
  if (ending) return attempts.end(one, ending)
  // The agent was killed between deciding to start and starting.
  if (inspected?.is === 'absent') attempts.again(one)
}

const endNameless = async (dir: string): Promise<void> => {
  await sweepTaskDir(dir)
  await removeTree(dir)
}

const recoverExecution = (known: KnownExecution, acknowledgedJ: number, clock: Clock): Execution => {
  const { entry, local, latest, j } = known
  const nowMs = clock.monotonicMs()
  // The wall clock bridges the two processes; one that was set back must not put the beginning into the future.
  const since = (atMs: number): number => nowMs - Math.max(0, clock.nowMs() - atMs)
  const saved = local.cutting ?? newCutting(entry, since(local.startingAt))
  const { finishedMs, ...rest } = saved
  // Windows that were cut have passed, whatever the wall clock says now: the next one is the next number.
  const startedMs = Math.min(since(local.startingAt), nowMs - rest.n * rest.health.intervalMs)
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
  if (local.nextAttemptAt !== undefined) {
    // No longer than the whole back-off: a wall clock that was set back must not keep it down.
    const remainingMs = Math.min(local.nextAttemptAt - clock.nowMs(), backOffMs(local.streak, 0))
    return { is: 'backing_off', untilMs: clock.monotonicMs() + Math.max(0, remainingMs) }
  }
  return { is: 'running' }
}
