/** What the log wants of each job: the mark of its latest version, or nothing. */
import type { LogEntry } from './log-reader.ts'

export interface Wish {
  readonly job: string
  /** Undefined when the job is stopped or deleted. */
  readonly mark: string | undefined
}

/** The mark lies in the environment of a process and in the mapping of a pipeline. */
const markOf = (spec: unknown): string | undefined => /\bm-[a-z]+-\d+\b/.exec(JSON.stringify(spec))?.[0]

export const readWishes = (log: readonly LogEntry[]): ReadonlyMap<string, Wish> => {
  const wishes = new Map<string, Wish>()
  for (const { subject, events } of log) {
    if (!subject.startsWith('evt.job.default.')) continue
    const job = subject.slice('evt.job.default.'.length)
    for (const { type, spec } of events) {
      if (type === 'JobCreated' || type === 'JobUpdated') wishes.set(job, { job, mark: markOf(spec) })
      if (type === 'JobStopped' || type === 'JobDeleted') wishes.set(job, { job, mark: undefined })
    }
  }
  return wishes
}
