/**
 * What must hold whatever was killed. Each law is a function from facts to sentences about what is wrong; none of them uses
 * code of the system under test.
 */
import type { SentCommand } from '../load/commands.ts'
import type { LogEntry } from './log-reader.ts'
import { byExecution, isEnd, type Told } from './told.ts'
import type { Witnessed } from './witness.ts'

/** A process that chaos killed: what it would have written is missing, and what it wrote last may not have come true. */
export interface Struck {
  readonly execution: string
  readonly attempt: number | undefined
  readonly was: 'shim' | 'task'
  readonly node: string
  readonly job: string
}

/** 128 + SIGKILL, SIGTERM: somebody else ended it, at any moment. */
const bySignal = (code: number | null | undefined): boolean => code === 137 || code === 143

/** Two executions of a job, or two attempts of one, at once on one node. */
export const overlaps = (witnessed: readonly Witnessed[]): readonly string[] =>
  witnessed
    .filter(({ is }) => is === 'overlap')
    .map(
      ({ node, execution, attempt, what, more }) =>
        `${node}: ${what} ran as ${execution}/${attempt} while ${more} still ran`,
    )

/** A fact that stands in the log more than once. */
export const doubled = (log: readonly LogEntry[], told: readonly Told[]): readonly string[] => {
  const found: string[] = []
  const once = new Map<string, number>()
  const first = (key: string, seq: number): void => {
    const before = once.get(key)
    if (before === undefined) once.set(key, seq)
    else found.push(`${key} stands at ${before} and again at ${seq}`)
  }
  for (const { seq, subject, v, cmd } of log) {
    // Of a report subject each boot counts its own versions, and the command's id holds the boot.
    first(subject.startsWith('evt.report.') ? `${subject} ${cmd}` : `${subject} version ${v}`, seq)
  }
  for (const one of told) {
    const { seq, execution, attempt, state, exitCode, counter, isSummary } = one
    if (isSummary) continue
    first(`counter ${counter ?? ''}`, seq)
    if (state === 'running') first(`${execution}/${attempt} running`, seq)
    if (exitCode !== undefined) first(`${execution}/${attempt} exit`, seq)
    if (isEnd(one)) first(`${execution} ${state}`, seq)
  }
  return found
}

/** Where the fact of an attempt is told: at its own telling, or in a later one that says how many it stands for. */
const isCovered = (tellings: readonly Told[], attempt: number, isIt: (one: Told) => boolean): boolean =>
  tellings.some((one) => {
    if (one.attempt === attempt && isIt(one)) return true
    return one.attempt >= attempt && one.replaces > 0
  })

/** What tasks wrote and the log does not say. Only when everything that was witnessed has come to rest. */
export const lost = (
  witnessed: readonly Witnessed[],
  told: readonly Told[],
  struck: readonly Struck[],
): readonly string[] => {
  const tellings = byExecution(told)
  const wasStruck = strikes(struck)
  const found: string[] = []
  for (const { is, node, execution, attempt, what } of witnessed) {
    const of = tellings.get(execution) ?? []
    if (is === 'start' && !isCovered(of, attempt, ({ state }) => state !== 'starting'))
      found.push(`${node}: ${execution}/${attempt} of ${what} began and nobody told`)
    if (is !== 'exit') continue
    const ended = of.find((one) => one.attempt === attempt && one.exitCode !== undefined)
    if (ended !== undefined) {
      if (ended.exitCode !== Number(what) && !bySignal(ended.exitCode))
        found.push(`${node}: ${execution}/${attempt} ended with ${what}, and ${String(ended.exitCode)} was told`)
    } else if (!wasStruck(execution, attempt) && !isCovered(of, attempt, (one) => one.exitCode !== undefined))
      found.push(`${node}: ${execution}/${attempt} ended with ${what} and nobody told`)
  }
  return found
}

/** What the log says and no task wrote. */
export const invented = (
  witnessed: readonly Witnessed[],
  told: readonly Told[],
  struck: readonly Struck[],
  hasWitness: (job: string) => boolean,
): readonly string[] => {
  const key = (execution: string, attempt: number): string => `${execution}/${attempt}`
  const began = new Set(witnessed.filter(({ is }) => is === 'start').map((one) => key(one.execution, one.attempt)))
  const ended = new Map(
    witnessed.filter(({ is }) => is === 'exit').map((one) => [key(one.execution, one.attempt), Number(one.what)]),
  )
  const wasStruck = strikes(struck)
  const found: string[] = []
  for (const { execution, attempt, job, state, exitCode } of told) {
    if (!hasWitness(job) || wasStruck(execution, attempt)) continue
    const name = key(execution, attempt)
    const killedEarly = told.some(
      (one) => one.execution === execution && one.attempt === attempt && bySignal(one.exitCode),
    )
    if (state === 'running' && !began.has(name) && !killedEarly && !isStopped(told, execution, attempt))
      found.push(`${name} of ${job} is told to run and wrote nothing`)
    if (typeof exitCode === 'number' && !bySignal(exitCode) && ended.get(name) !== exitCode)
      found.push(`${name} of ${job} is told to have ended with ${exitCode}; it wrote ${ended.get(name) ?? 'nothing'}`)
  }
  return found
}

/** A task that began again although nobody had struck it. Of tasks that do not end by themselves. */
export const restarted = (
  witnessed: readonly Witnessed[],
  struck: readonly Struck[],
  keepsRunning: (job: string) => boolean,
): readonly string[] => {
  const starts = witnessed.filter(({ is, what }) => is === 'start' && keepsRunning(what))
  const began = new Set(starts.map(({ execution, attempt }) => `${execution}/${attempt}`))
  const wasStruck = strikes(struck)
  return starts
    .filter(({ execution, attempt }) => began.has(`${execution}/${attempt - 1}`) && !wasStruck(execution, attempt - 1))
    .map(
      ({ node, execution, attempt, what }) =>
        `${node}: ${what} ${execution}/${attempt} began, and nobody had struck the one before`,
    )
}

/** A stop may arrive before the first line of the task does. */
const isStopped = (told: readonly Told[], execution: string, attempt: number): boolean =>
  told.some((one) => one.execution === execution && one.attempt === attempt && one.state === 'stopped')

const strikes = (struck: readonly Struck[]) => {
  const keys = new Set(struck.map(({ execution, attempt }) => `${execution}/${attempt ?? '*'}`))
  return (execution: string, attempt: number): boolean =>
    keys.has(`${execution}/${attempt}`) || keys.has(`${execution}/*`)
}

/** Every acknowledged command took effect once, a refused one never, and one without an answer at most once. */
export const commandsOnce = (log: readonly LogEntry[], sent: readonly SentCommand[]): readonly string[] => {
  const counts = new Map<string, number>()
  for (const { subject, cmd } of log)
    if (!subject.startsWith('evt.report.')) counts.set(cmd, (counts.get(cmd) ?? 0) + 1)
  return sent.flatMap(({ id, what, said, code }) => {
    const count = counts.get(id) ?? 0
    if (said === 'acknowledged' && count !== 1)
      return [`${what} (${id}) was acknowledged and took effect ${count} times`]
    if (said === 'refused' && count !== 0) return [`${what} (${id}) was refused (${code ?? ''}) and took effect`]
    return count > 1 ? [`${what} (${id}) took effect ${count} times`] : []
  })
}
