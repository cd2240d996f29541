/** Starting, ending and judging attempts: the only place that changes an execution's phase after its announcement. */
import type { Transition } from '@dunlin/contracts/agent'
import { afterAttempt, disturb, finishCutting, type ContentProblem, type Ending } from '@dunlin/domain/agent'
import { TaskError, type Driver, type Inspected, type Task } from '../drivers/driver.ts'
import { stopProcess, sweepTaskDir } from '../drivers/launch.ts'
import type { LocalState } from '../journal/journal.ts'
import type { AgentPorts } from '../ports.ts'
import type { Prober } from '../probes/prober.ts'
import { createSecrets } from '../secrets/source.ts'
import type { Timings } from '../timings.ts'
import type { Contents } from './contents.ts'
import type { DiskWatch } from './disk-watch.ts'
import { endingBecause, endingOf } from './endings.ts'
import { taskDirOf, taskOf, type Execution } from './execution.ts'
import { writeTaskRecord } from './task-record.ts'
import type { Teller } from './telling.ts'

export interface Attempts {
  start(one: Execution): void
  /** Ends the present attempt; `stop` for good, the others by the restart policy. */
  end(one: Execution, why: NonNullable<LocalState['ending']>): void
  /** The present attempt was decided by an earlier agent and never started: it is due again. */
  again(one: Execution): void
  /** Looks at a running attempt and acts when it ended. */
  look(one: Execution): void
  /** The task of the present attempt, when its content is at hand. */
  task(one: Execution): { readonly task: Task; readonly driver: Driver } | undefined
}

interface AttemptsDeps {
  readonly ports: Pick<AgentPorts, 'clock' | 'random' | 'journal' | 'logger' | 'secrets'>
  readonly drivers: ReadonlyMap<string, Driver>
  readonly contents: Contents
  readonly teller: Teller
  readonly timings: Timings
  readonly dataDir: string
  readonly prober: Prober
  readonly disk: DiskWatch
  readonly onChange: () => void
  /** The agent ends: what finishes after this is found again by the next one. */
  readonly signal: AbortSignal
}

export const createAttempts = (deps: AttemptsDeps): Attempts => {
  const { ports, drivers, contents, teller, timings, dataDir, prober, disk, onChange, signal } = deps
  const { clock, random, journal, logger } = ports

  /** Starts under way: an end must not overtake them, or the process would appear after it. */
  const starting = new Map<Execution, { readonly done: Promise<void>; readonly giveUp: AbortController }>()

  const taskFor = (one: Execution): { task: Task; driver: Driver } | undefined => {
    one.content ??= contents.get(one.entry.content)
    const driver = one.content && drivers.get(one.content.type)
    return one.content && driver && { task: taskOf(one, one.content, dataDir), driver }
  }

  const secretsOf = ports.secrets ?? NO_SECRETS

  const begin = async (one: Execution, giveUp: AbortSignal): Promise<void> => {
    const { attempt } = one.local
    const ready = taskFor(one)
    if (!ready) {
      // The content was lost with the journal: ask for it again and come back.
      contents.fetch(one.entry.content)
      one.phase = { is: 'backing_off', untilMs: clock.monotonicMs() + timings.retryFirstMs * 2 }
      return
    }
    try {
      writeTaskRecord(dataDir, one, ready.task.content)
      const secrets = await secretsOf(ready.task.content)
      await ready.driver.start(ready.task, {
        secrets,
        onExit: onChange,
        signal: AbortSignal.any([signal, giveUp]),
        onProgress: (text) => (one.progress = text),
      })
    } catch (error) {
      if (signal.aborted || one.phase.is !== 'starting' || one.local.attempt !== attempt) return
      const failed = error instanceof TaskError ? error : unexpected(error)
      conclude(one, { is: 'not_started', permanent: failed.permanent, error: failed.problem })
      return
    }
    if (signal.aborted || one.phase.is !== 'starting' || one.local.attempt !== attempt) return
    // For the back-off alone. The timeout counts from the start, so that nothing can be fetched for ever.
    one.attemptStartedMs = clock.monotonicMs()
    one.phase = { ...one.phase, is: 'running' }
    // An attempt that is over by now has one transition, its end: fewer reports for jobs that run a moment.
    const inspected = ready.driver.inspect(ready.task)
    if (inspected.is === 'exited' || inspected.is === 'lost') return ended(one, ready, inspected)
    prober.look(one, ready)
    if (hasStarted(one)) teller.tell(one, 'running')
  }

  const ended = (
    one: Execution,
    { task, driver }: { task: Task; driver: Driver },
    inspected: Extract<Inspected, { is: 'exited' | 'lost' }>,
  ): void => {
    one.phase = { is: 'stopping' }
    // Sweeps what the command left behind in its process group.
    void settle(driver.stop(task, { graceMs: 0 })).then(() => {
      if (signal.aborted) return
      conclude(one, endingOf(inspected), inspected)
      onChange()
    })
  }

  const conclude = (one: Execution, ending: Ending, inspected?: Inspected): void => {
    const nowMs = clock.monotonicMs()
    const exit = inspected?.is === 'exited' ? { exit: { code: inspected.code, signal: inspected.signal } } : {}
    const { ending: why, nextAttemptAt: _, ...local } = one.local
    one.local = local
    if (why === 'stop') return finish(one, 'stopped', { ...exit, ...lastError(one) })
    const next = afterAttempt({
      policy: one.content?.restartPolicy ?? 'on-failure',
      ending,
      streak: one.local.streak,
      ranMs: nowMs - one.attemptStartedMs,
      jitter: random.float(),
    })
    if (next.is === 'completed') return finish(one, 'completed', exit)
    if (next.is === 'failed') return finish(one, 'failed', { ...exit, error: next.error })
    const nextAttemptAt = Math.round(clock.nowMs() + next.delayMs)
    one.local = { ...one.local, streak: next.streak, nextAttemptAt }
    one.phase = { is: 'backing_off', untilMs: nowMs + next.delayMs }
    one.cutting = disturb(one.cutting, 'r')
    teller.tell(one, 'degraded', { ...exit, ...(next.error ? { error: next.error } : {}), nextAttemptAt })
  }

  const finish = (
    one: Execution,
    state: 'stopped' | 'completed' | 'failed',
    more: Pick<Transition, 'exit' | 'error'>,
  ): void => {
    one.phase = { is: 'ended', acknowledged: false }
    one.cutting = finishCutting(one.cutting, clock.monotonicMs())
    const { job, execution } = one.entry
    logger.info('an execution is over', { execution, job, state, attempt: one.local.attempt, ...more })
    teller.tell(one, state, more)
  }

  return {
    task: taskFor,
    start: (one) => {
      const before = one.local
      const { nextAttemptAt: _, ...local } = before
      one.local = { ...local, attempt: local.attempt + 1, attemptAt: clock.nowMs() }
      journal.save([one])
      if (!journal.isDurable(one.entry.execution)) {
        // A process of which no record survives could not be found again. The round after the journal is well tries again.
        one.local = before
        return journal.save([one])
      }
      taskFor(one)
      one.attemptStartedMs = clock.monotonicMs()
      one.phase = { is: 'starting', ...timeoutAt(one) }
      const giveUp = new AbortController()
      const done = settle(begin(one, giveUp.signal)).then(() => {
        starting.delete(one)
        delete one.progress
        onChange()
      })
      starting.set(one, { done, giveUp })
    },
    end: (one, why) => {
      const { is } = one.phase
      one.local = { ...one.local, ending: why }
      if (is === 'backing_off' || is === 'announced') return conclude(one, { is: 'lost' })
      one.phase = { is: 'stopping' }
      teller.note(one, 'stopping', lastError(one))
      void settle(endAttempt(one)).then(() => {
        if (signal.aborted) return
        const ready = taskFor(one)
        conclude(one, endingBecause(why, one), ready?.driver.inspect(ready.task))
        onChange()
      })
    },
    again: (one) => {
      // Hooks and the like may have begun: they must not go on beside those of the attempt that comes.
      one.phase = { is: 'stopping' }
      void settle(sweepTaskDir(taskDirOf(dataDir, one.entry.execution))).then(() => {
        if (signal.aborted) return
        one.local = { ...one.local, attempt: one.local.attempt - 1 }
        one.phase = { is: 'backing_off', untilMs: clock.monotonicMs() }
        onChange()
      })
    },
    look: (one) => {
      const ready = one.phase.is === 'running' ? taskFor(one) : undefined
      prober.look(one, ready)
      disk.look(one, ready?.task)
      if (!ready) return
      const inspected = ready.driver.inspect(ready.task)
      if (inspected.is === 'exited' || inspected.is === 'lost') ended(one, ready, inspected)
      else if (inspected.is === 'absent') conclude(one, { is: 'lost' })
      else if (inspected.is === 'running' && hasStarted(one))
        tellCondition(one, inspected.degraded ?? (one.fitness === 'unready' ? one.failure : undefined))
    },
  }

  /** Told when it changes, and after an agent was killed before it could tell. */
  function tellCondition(one: Execution, degraded: ContentProblem | undefined): void {
    const { state, error } = one.latest
    if (degraded === undefined) {
      if (state !== 'running') teller.tell(one, 'running')
    } else if (state !== 'degraded' || error === undefined || !degraded.message.startsWith(error.message))
      teller.tell(one, 'degraded', { error: degraded })
  }

  async function endAttempt(one: Execution): Promise<void> {
    const start = starting.get(one)
    start?.giveUp.abort()
    await start?.done
    const ready = taskFor(one)
    const { stopGraceMs: graceMs } = timings
    if (ready) return ready.driver.stop(ready.task, { graceMs })
    await stopProcess({ dir: taskDirOf(dataDir, one.entry.execution), attempt: one.local.attempt }, graceMs)
  }

  async function settle(work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (error) {
      logger.error('a driver failed', { error: String(error) })
    }
  }
}

/** What a content asks for is then missing, by name. */
const NO_SECRETS = createSecrets({ dir: undefined, allowedEnv: [], env: {} })

const timeoutAt = (one: Execution): { timeoutAtMs: number } | Record<string, never> => {
  const limitMs = one.content?.executionTimeoutMs ?? 0
  return limitMs > 0 ? { timeoutAtMs: one.attemptStartedMs + limitMs } : {}
}

/** What was wrong with it when it was told to stop: often why it was, and the last that people hear of it. */
const lastError = ({ latest: { state, error } }: Execution): Pick<Transition, 'error'> =>
  error !== undefined && (state === 'degraded' || state === 'stopping') ? { error } : {}

/** Its startup probe, if there is one, has passed. */
const hasStarted = ({ fitness }: Execution): boolean => fitness !== 'starting' && fitness !== 'startup_failed'

const unexpected = (error: unknown): TaskError => {
  // Files of the attempt did not fit: the same code as for the journal and for artifacts, and room may come again.
  const code = error instanceof Error && 'code' in error && error.code === 'ENOSPC' ? 'disk_full' : 'not_started'
  return new TaskError({ code, message: `The attempt could not be started: ${String(error)}` }, false)
}
