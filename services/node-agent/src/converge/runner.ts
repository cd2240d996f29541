/**
 * The loop: observe, converge, carry the steps out. It is driven by a level, not by edges: whatever happened, it looks at
 * everything and asks again. It ends without touching what runs.
 */
import type { DesiredExecution, ExecutionId, Sha256 } from '@dunlin/contracts/agent'
import { converge, FRESH_FOR_MS, type Step } from '@dunlin/domain/agent'
import type { Timer } from '@dunlin/runtime/agent'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Driver } from '../drivers/driver.ts'
import { forgetTaskLogs } from '../drivers/logs.ts'
import { removeTree } from '../drivers/remove-tree.ts'
import type { AgentPorts } from '../ports.ts'
import { createProber } from '../probes/prober.ts'
import type { Timings } from '../timings.ts'
import { createAttempts, type Attempts } from './attempts.ts'
import type { Contents } from './contents.ts'
import type { Documents } from './documents.ts'
import { newCutting, newLocal, observedOf, taskDirOf, transitionOf, type Execution } from './execution.ts'
import { createDiskWatch } from './disk-watch.ts'
import { createLogWatch } from './log-watch.ts'
import { recoverExecutions } from './recover.ts'
import { TASK_RECORD } from './task-record.ts'
import type { Teller } from './telling.ts'

export interface Runner {
  readonly executions: ReadonlyMap<ExecutionId, Execution>
  readonly attempts: Attempts
  /** Something changed: look again soon. */
  kick(): void
  onAcknowledged(j: number): void
  /** A transition that could not be written at first got its counter. */
  onRecorded(execution: ExecutionId, j: number): void
  /** The latest plan, for questions from outside. */
  plan(): readonly Step[]
  stop(): void
}

interface RunnerDeps {
  readonly ports: AgentPorts
  readonly drivers: ReadonlyMap<string, Driver>
  readonly documents: Documents
  readonly contents: Contents
  readonly teller: Teller
  readonly timings: Timings
  readonly dataDir: string
  readonly signal: AbortSignal
}

const WRITING: ReadonlySet<string> = new Set(['starting', 'running', 'stopping'])

/** How often a read is asked for while an activation waits for a fresh document. */
const REREAD_EVERY_MS = 5_000

export const startRunner = (deps: RunnerDeps): Runner => {
  const { ports, drivers, documents, contents, teller, timings, dataDir } = deps
  const { clock, journal, logger } = ports
  const executions = new Map<ExecutionId, Execution>()
  /** Over, and on their way out. */
  const leaving = new Set<Execution>()
  let stopped = false
  let scheduled: Timer | undefined
  let alarm: Timer | undefined
  let logAlarm: Timer | undefined
  let plan: readonly Step[] = []
  let rereadAtMs = -Infinity

  const kick = (): void => {
    if (stopped || scheduled) return
    scheduled = clock.after(0, () => {
      scheduled = undefined
      if (stopped) return
      try {
        round()
      } catch (error) {
        logger.error('a round of convergence failed; the next one tries again', { error: String(error) })
        wakeAt(clock.monotonicMs() + 1_000)
      }
    })
  }
  const prober = createProber({ clock, onChange: kick })
  const logs = createLogWatch({ clock, logger, onWritten: () => lookAtLogs() })
  const attempts = createAttempts({
    prober,
    disk: createDiskWatch(clock, kick),
    ports,
    drivers,
    contents,
    teller,
    timings,
    dataDir,
    onChange: kick,
    signal: deps.signal,
  })

  recoverExecutions({ ports, attempts, executions, dataDir })
  kick()

  /** One execution whose driver, files or record fail must not keep the node from all others. */
  function guarded(execution: ExecutionId, work: () => void): boolean {
    try {
      work()
      return true
    } catch (error) {
      logger.error('an execution could not be looked after; the next round tries again', {
        execution,
        error: String(error),
      })
      return false
    }
  }

  function round(): void {
    let failed = false
    for (const one of executions.values()) if (!guarded(one.entry.execution, () => attempts.look(one))) failed = true
    adoptEntries()
    plan = converge({
      desired: documents.held(),
      observed: [...executions.values()].map(observedOf),
      contentOf: (hash) => contents.statusOf(hash),
      nowMs: clock.monotonicMs(),
      readAtMs: documents.readAtMs(),
      freshForMs: timings.freshForMs,
    })
    for (const step of plan) if (!guarded(step.execution, () => carryOut(step))) failed = true
    armAlarm(failed ? clock.monotonicMs() + 1_000 : Infinity)
  }

  function carryOut(step: Step): void {
    const one = executions.get(step.execution)
    switch (step.do) {
      case 'fetch':
        ports.expectStart?.(step.execution)
        contents.fetch(step.content)
        return
      case 'announce':
        ports.expectStart?.(step.execution)
        return begin(step.entry)
      case 'fail':
        return refuse(step.entry, step.problem)
      case 'start':
        if (one) attempts.start(one)
        return
      case 'stop':
        if (one) stop(one, step.why)
        return
      case 'time_out':
        if (one) attempts.end(one, 'time_out')
        return
      case 'end_attempt':
        if (one) attempts.end(one, step.why)
        return
      case 'forget':
        if (one) forget(one)
        return
      case 'wait':
        if (step.for === 'fresh_document') askAgain()
        return
      case 'keep':
      case 'ignore':
        return
    }
  }

  function make(entry: DesiredExecution): Execution {
    const nowMs = clock.monotonicMs()
    const local = newLocal(clock.nowMs())
    const one: Execution = {
      entry,
      local,
      latest: transitionOf({ entry, local }, 'starting', clock.nowMs()),
      j: 0,
      phase: { is: 'announced', acknowledged: false },
      cutting: newCutting(entry, nowMs),
      content: contents.get(entry.content),
      attemptStartedMs: nowMs,
      toldDegradedMs: -Infinity,
      toldState: 'starting',
    }
    executions.set(entry.execution, one)
    return one
  }

  function begin(entry: DesiredExecution): void {
    logger.info('a new execution', { execution: entry.execution, job: entry.job, version: entry.version })
    teller.tell(make(entry), 'starting')
    kick()
  }

  function refuse(entry: DesiredExecution, problem: { code: string; message: string; hint?: string }): void {
    logger.error('an execution cannot run here', { execution: entry.execution, job: entry.job, ...problem })
    const one = make(entry)
    one.phase = { is: 'ended', acknowledged: false }
    teller.tell(one, 'failed', { error: problem })
  }

  function stop(one: Execution, why: string): void {
    logger.info('stopping an execution', { execution: one.entry.execution, job: one.entry.job, why })
    attempts.end(one, 'stop')
    // Without a process it is over at once, and its replacement may start in the next round.
    kick()
  }

  /** The journal forgets last: an agent that is killed in between knows the execution as over, and comes here again. */
  function forget(one: Execution): void {
    const { execution, jobId } = one.entry
    leaving.add(one)
    executions.delete(execution)
    const ready = attempts.task(one)
    const dir = taskDirOf(dataDir, execution)
    const folders = [dir]
    forgetTaskLogs(dir)
    const isLast = ![...executions.values()].some(({ entry }) => entry.jobId === jobId)
    if (isLast) folders.push(join(dataDir, 'state', jobId))
    const undone = isLast ? ready?.driver.removed?.(ready.task) : undefined
    void Promise.resolve(undone)
      .catch((error: unknown) => logger.error('a job left something behind', { execution, error: String(error) }))
      // The record first: what cannot be deleted must not come back as an execution when the journal has forgotten it.
      .then(() => rm(join(dir, TASK_RECORD), { force: true }))
      .then(() => Promise.all(folders.map((folder) => removeTree(folder))))
      .catch((error: unknown) => logger.warn('a folder could not be removed', { execution, error: String(error) }))
      .then(() => {
        leaving.delete(one)
        if (stopped) return
        journal.forget(execution)
        tidy()
      })
  }

  /** A later document may show a known execution under a higher epoch or with other health settings. */
  function adoptEntries(): void {
    for (const entry of documents.held()?.executions ?? []) {
      const one = executions.get(entry.execution)
      if (!one || entry === one.entry) continue
      one.entry = entry
      // Windows are numbered by the interval with which they began: another one would jump, or go back.
      const { intervalMs } = one.cutting.health
      one.cutting = { ...one.cutting, health: { ...entry.health, intervalMs } }
    }
  }

  function askAgain(): void {
    const nowMs = clock.monotonicMs()
    const everyMs = Math.min(REREAD_EVERY_MS, timings.freshForMs / 2)
    if (nowMs - rereadAtMs >= everyMs) {
      rereadAtMs = nowMs
      void documents.reread()
    }
  }

  function tidy(): void {
    const wanted = new Set<Sha256>([...executions.values(), ...leaving].map(({ entry }) => entry.content))
    for (const { content } of documents.held()?.executions ?? []) wanted.add(content)
    contents.keepOnly(wanted)
  }

  /** Wakes for the poll of running tasks, the next thing that time alone decides, and reports that were held back. */
  function armAlarm(againMs: number): void {
    const nowMs = clock.monotonicMs()
    let atMs = Math.min(againMs, teller.tellHeldBack(executions.values()) ?? Infinity)
    for (const step of plan) {
      if ((step.do === 'wait' || step.do === 'keep') && step.untilMs !== undefined) atMs = Math.min(atMs, step.untilMs)
      if (step.do === 'wait' && step.for === 'fresh_document')
        atMs = Math.min(atMs, nowMs + Math.min(REREAD_EVERY_MS, timings.freshForMs / 2))
    }
    // Begun after the plan was made, and nothing may ever come of it.
    for (const { phase } of executions.values())
      if (phase.is === 'starting') atMs = Math.min(atMs, phase.timeoutAtMs ?? Infinity)
    if (runningNow().length > 0) atMs = Math.min(atMs, nowMs + timings.pollMs)
    lookAtLogs()
    wakeAt(atMs)
  }

  function runningNow(): readonly Execution[] {
    return [...executions.values()].filter(({ phase }) => phase.is === 'running')
  }

  /** More often than a round is needed: a task may fill its logs within a second. */
  function lookAtLogs(): void {
    logAlarm?.cancel()
    logAlarm = undefined
    // Hooks write before an attempt runs, and a task may do so for the whole grace of its stop.
    const writing = stopped ? [] : [...executions.values()].filter(({ phase }) => WRITING.has(phase.is))
    const atMs = logs.look(writing.map((one) => [one, attempts.task(one)] as const))
    if (atMs !== Infinity) logAlarm = clock.after(Math.max(1, atMs - clock.monotonicMs()), lookAtLogs)
  }

  function wakeAt(atMs: number): void {
    alarm?.cancel()
    alarm = undefined
    if (atMs === Infinity) return
    // A timer may not be longer than 2^31 ms, and an early look costs nothing.
    const delayMs = Math.min(FRESH_FOR_MS, Math.max(1, atMs - clock.monotonicMs()))
    alarm = clock.after(delayMs, kick)
  }

  return {
    executions,
    attempts,
    kick,
    plan: () => plan,
    onRecorded: (execution, j) => {
      const one = executions.get(execution)
      if (one) one.j = j
      kick()
    },
    onAcknowledged: (j) => {
      for (const one of executions.values()) {
        const { phase } = one
        if (one.j > j || (phase.is !== 'announced' && phase.is !== 'ended') || phase.acknowledged) continue
        one.phase = { ...phase, acknowledged: true }
      }
      kick()
    },
    stop: () => {
      stopped = true
      scheduled?.cancel()
      logAlarm?.cancel()
      logs.stop()
      alarm?.cancel()
      prober.stop()
    },
  }
}
