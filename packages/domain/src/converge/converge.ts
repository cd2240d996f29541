/**
 * What the agent does next: (desired, observed, now) -> steps. A value in and a value out; the agent carries the steps
 * out, observes, and asks again. Asking twice gives the same answer, and after the steps are under way asking again
 * gives none of them a second time.
 *
 * Laws (each a property test): two executions of one job never have a process at once; an execution is first started
 * only while the document is fresh and its `starting` is acknowledged; what is absent or stopped gets stopped; what runs
 * and is wanted is left alone; the order in which documents arrive does not matter.
 *
 * A document may name a former execution again, of a lower generation than a newer one that the node knows: its grant was
 * revoked. If the former still runs it runs on, and the newer one, which was never activated, ends. If the newer one was
 * activated before the revocation was read, it stays and the former's entry is ignored: what ended never starts again,
 * and only a new grant moves the node.
 */
import {
  compareGenerations,
  jobKeyText,
  type DesiredDocument,
  type DesiredExecution,
  type Sha256,
} from '@dunlin/contracts/agent'
import { isTouched, mayHaveProcess, type Observed, type Phase } from './observed.ts'
import type { ContentProblem, KeepReason, Step } from './steps.ts'

/** A stale document starts nothing new: the default of `freshForMs`, in line with the rollout engine's revocation. */
export const FRESH_FOR_MS = 15 * 60_000

export type ContentStatus =
  | { readonly is: 'absent' }
  | { readonly is: 'fetching' }
  | { readonly is: 'ready' }
  | { readonly is: 'unusable'; readonly problem: ContentProblem }

export interface ConvergeInput {
  /** The held document: the highest generation that was read; undefined when none ever was. */
  readonly desired: DesiredDocument | undefined
  readonly observed: readonly Observed[]
  readonly contentOf: (content: Sha256) => ContentStatus
  /** Monotonic clock of the node, ms. */
  readonly nowMs: number
  /** When the held document was asked for over a live connection; undefined when it came from the journal. */
  readonly readAtMs: number | undefined
  readonly freshForMs: number
}

export const isFresh = ({ nowMs, readAtMs, freshForMs }: ConvergeInput): boolean =>
  readAtMs !== undefined && nowMs - readAtMs < freshForMs

export const converge = (input: ConvergeInput): Step[] => {
  const { desired, observed } = input
  if (!desired) return observed.flatMap((one) => withoutDocument(one, input))
  const jobs = groupByJob(desired, observed)
  return [...jobs.values()].flatMap((job) => convergeJob(job, input))
}

interface JobPart {
  /** The entry that shall run: of the running entries the one with the highest generation. */
  candidate: DesiredExecution | undefined
  readonly stopped: Set<string>
  readonly observed: Observed[]
}

const groupByJob = (desired: DesiredDocument, observed: readonly Observed[]): Map<string, JobPart> => {
  const jobs = new Map<string, JobPart>()
  const partOf = (key: string): JobPart => {
    const known = jobs.get(key)
    if (known) return known
    const made: JobPart = { candidate: undefined, stopped: new Set(), observed: [] }
    jobs.set(key, made)
    return made
  }
  for (const entry of desired.executions) {
    const part = partOf(jobKeyText(entry.job))
    if (entry.desired === 'stopped') part.stopped.add(entry.execution)
    else if (!part.candidate || compareGenerations(entry.generation, part.candidate.generation) > 0)
      part.candidate = entry
  }
  for (const one of observed) partOf(jobKeyText(one.entry.job)).observed.push(one)
  return jobs
}

const convergeJob = (part: JobPart, input: ConvergeInput): Step[] => {
  const candidate = part.candidate
  const own = part.observed.find((one) => one.entry.execution === candidate?.execution)
  // What runs and is wanted is left alone: a newer execution beside it was never activated, or it would not run.
  const overtaken = candidate && !(own && isTouched(own)) ? overtakenBy(candidate, part.observed) : undefined
  if (candidate && overtaken) {
    const { execution, generation } = candidate
    const steps: Step[] = [{ do: 'ignore', execution, generation }]
    for (const one of part.observed) {
      const ordered = one.phase.is !== 'ended' && part.stopped.has(one.entry.execution)
      const kept = one === overtaken && !ordered && one.phase.is !== 'announced'
      steps.push(kept ? keepFor(one, 'newer_than_document', input) : unwanted(one, undefined, part, input))
    }
    return steps
  }
  const steps: Step[] = []
  const others = part.observed.filter((one) => one !== own)
  for (const one of others) steps.push(unwanted(one, candidate && (own ?? 'new'), part, input))
  if (candidate) steps.push(own ? wanted(own, others, input) : newcomer(candidate, input))
  return steps
}

/** The execution of the job that is newer than the candidate, if there is one. */
const overtakenBy = (candidate: DesiredExecution, observed: readonly Observed[]): Observed | undefined => {
  let newest: Observed | undefined
  for (const one of observed) {
    if (one.entry.execution === candidate.execution) continue
    if (compareGenerations(one.entry.generation, candidate.generation) <= 0) continue
    if (!newest || compareGenerations(one.entry.generation, newest.entry.generation) > 0) newest = one
  }
  return newest
}

/** It is kept even when it is over: forgetting it would let the older entry in. While it runs its timeout holds. */
const keepFor = ({ entry: { execution }, phase }: Observed, why: KeepReason, { nowMs }: ConvergeInput): Step => {
  const untilMs = phase.is === 'starting' || phase.is === 'running' ? phase.timeoutAtMs : undefined
  if (untilMs === undefined) return { do: 'keep', execution, why }
  return untilMs <= nowMs ? { do: 'time_out', execution } : { do: 'keep', execution, why, untilMs }
}

/** An execution that the document does not want to run, beside the one that it wants (`replacement`) if any. */
const unwanted = (
  one: Observed,
  replacement: Observed | 'new' | undefined,
  part: JobPart,
  input: ConvergeInput,
): Step => {
  const { execution } = one.entry
  if (one.phase.is === 'ended') {
    const named = part.stopped.has(execution)
    if (one.phase.acknowledged && !named) return { do: 'forget', execution }
    return { do: 'keep', execution, why: 'ended' }
  }
  if (one.phase.is === 'stopping') return { do: 'wait', execution, for: 'driver' }
  if (part.stopped.has(execution)) return { do: 'stop', execution, why: 'ordered' }
  if (!isTouched(one)) return { do: 'stop', execution, why: 'absent' }
  if (!replacement || replacementIsOver(replacement)) return { do: 'stop', execution, why: 'absent' }
  if (replacement !== 'new' && mayActivate(replacement, input)) return { do: 'stop', execution, why: 'replaced' }
  return keepFor(one, 'until_replacement_may_start', input)
}

const replacementIsOver = (replacement: Observed | 'new'): boolean =>
  replacement !== 'new' && replacement.phase.is === 'ended'

const mayActivate = (one: Observed, input: ConvergeInput): boolean =>
  isTouched(one) || (one.phase.is === 'announced' && one.phase.acknowledged && isFresh(input))

const wanted = (own: Observed, others: readonly Observed[], input: ConvergeInput): Step => {
  const { execution } = own.entry
  const { phase } = own
  switch (phase.is) {
    case 'announced':
      if (!phase.acknowledged) return { do: 'wait', execution, for: 'acknowledgement' }
      if (!isFresh(input)) return { do: 'wait', execution, for: 'fresh_document' }
      return others.some(isTouched)
        ? { do: 'wait', execution, for: 'old_execution' }
        : { do: 'start', execution, why: 'activation' }
    case 'starting':
      return waitForStart(own, phase, input)
    case 'stopping':
      return { do: 'wait', execution, for: 'driver' }
    case 'running':
      return keepRunning(own, phase, input)
    case 'backing_off':
      return others.some(mayHaveProcess)
        ? { do: 'wait', execution, for: 'old_execution' }
        : restartWhenDue(own, phase.untilMs, input)
    case 'ended':
      return { do: 'keep', execution, why: 'ended' }
  }
}

const waitForStart = (
  { entry: { execution } }: Observed,
  { timeoutAtMs }: Extract<Phase, { is: 'starting' }>,
  { nowMs }: ConvergeInput,
): Step => {
  if (timeoutAtMs === undefined) return { do: 'wait', execution, for: 'driver' }
  if (timeoutAtMs <= nowMs) return { do: 'time_out', execution }
  return { do: 'wait', execution, for: 'driver', untilMs: timeoutAtMs }
}

const keepRunning = (
  { entry: { execution } }: Observed,
  { timeoutAtMs, failed }: Extract<Phase, { is: 'running' }>,
  input: ConvergeInput,
): Step => {
  if (failed !== undefined) return { do: 'end_attempt', execution, why: failed }
  if (timeoutAtMs === undefined) return { do: 'keep', execution, why: 'desired' }
  if (timeoutAtMs <= input.nowMs) return { do: 'time_out', execution }
  return { do: 'keep', execution, why: 'desired', untilMs: timeoutAtMs }
}

const restartWhenDue = ({ entry: { execution } }: Observed, untilMs: number, input: ConvergeInput): Step =>
  untilMs <= input.nowMs
    ? { do: 'start', execution, why: 'restart' }
    : { do: 'wait', execution, for: 'back_off', untilMs }

const newcomer = (entry: DesiredExecution, input: ConvergeInput): Step => {
  const { execution, content } = entry
  const status = input.contentOf(content)
  switch (status.is) {
    case 'unusable':
      return { do: 'fail', execution, entry, problem: status.problem }
    case 'absent':
      return { do: 'fetch', execution, content }
    case 'fetching':
      return { do: 'wait', execution, for: 'content' }
    case 'ready':
      return isFresh(input) ? { do: 'announce', execution, entry } : { do: 'wait', execution, for: 'fresh_document' }
  }
}

/** Before any document was read nothing is known to be unwanted: what runs goes on, restarts and times out. */
const withoutDocument = (one: Observed, input: ConvergeInput): Step[] => {
  const { execution } = one.entry
  const { phase } = one
  if (phase.is === 'starting') return [waitForStart(one, phase, input)]
  if (phase.is === 'running') return [keepRunning(one, phase, input)]
  if (phase.is === 'backing_off') return [restartWhenDue(one, phase.untilMs, input)]
  return [{ do: 'keep', execution, why: 'no_document' }]
}
