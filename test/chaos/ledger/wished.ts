/** What the log wants: of each job the mark of its latest version, and which nodes shall be empty. */
import type { LogEntry } from './log-reader.ts'

export interface Wishes {
  /** Mark by job; undefined when it is stopped or deleted. */
  readonly jobs: ReadonlyMap<string, string | undefined>
  readonly drained: ReadonlySet<string>
}

/** The mark lies in the environment of a process, in the mapping of a pipeline and in the content of a file. */
const markOf = (spec: unknown): string | undefined => /\bm-[a-z]+-\d+\b/.exec(JSON.stringify(spec))?.[0]

const JOBS = 'evt.job.default.'
const NODES = 'evt.node.'

export const readWishes = (log: readonly LogEntry[]): Wishes => {
  const jobs = new Map<string, string | undefined>()
  const drained = new Set<string>()
  for (const { subject, events } of log)
    for (const { type, spec } of events) {
      const job = subject.startsWith(JOBS) ? subject.slice(JOBS.length) : undefined
      const node = subject.startsWith(NODES) ? subject.slice(NODES.length) : undefined
      if (job !== undefined && (type === 'JobCreated' || type === 'JobUpdated')) jobs.set(job, markOf(spec))
      if (job !== undefined && (type === 'JobStopped' || type === 'JobDeleted')) jobs.set(job, undefined)
      if (node !== undefined && type === 'NodeDrained') drained.add(node)
      if (node !== undefined && type === 'NodeUncordoned') drained.delete(node)
    }
  return { jobs, drained }
}
