/** One commit on its way to event streams: parsed when first asked about, encoded once for all clients. */
import { isUnreadable, jobKeySchema, jobKeyText, readCommit, type Commit } from '@dunlin/contracts'
import type { Recorded } from '@dunlin/eventstore'
import { parseLogSubject, type LogSubject } from '@dunlin/nats'
import { eventView } from '../views/event.ts'

export interface StreamEntry {
  readonly seq: number
  readonly sizeBytes: number
  /** Undefined for messages on foreign subjects: nothing is ever sent for them. */
  subject(): LogSubject | undefined
  /** Keys of the jobs that it is about: its own, or those whose executions a node reports on. */
  jobs(): readonly string[]
  /** The bytes of its server-sent event; undefined when the message is not a commit (nothing is sent for it). */
  frame(): Buffer | undefined
}

/** Nothing is parsed before somebody asks: a whole log passes by at start, and nobody listens. */
export const entryOf = (recorded: Recorded): StreamEntry => {
  let subject: LogSubject | 'unread' | undefined = 'unread'
  const subjectOf = (): LogSubject | undefined => {
    if (subject === 'unread') subject = parseLogSubject(recorded.subject)
    return subject
  }
  let commit: Commit | 'unread' | undefined = 'unread'
  const read = (): Commit | undefined => {
    if (commit === 'unread') commit = commitOf(recorded.data)
    return commit
  }
  let frame: Buffer | 'unmade' | undefined = 'unmade'
  return {
    seq: recorded.seq,
    sizeBytes: recorded.data.length,
    subject: subjectOf,
    jobs: () => {
      const at = subjectOf()
      return at?.kind === 'job' ? [at.key] : at?.kind === 'report' ? reportedJobs(read()) : []
    },
    frame: () => {
      if (frame === 'unmade') {
        const known = read()
        const at = subjectOf()
        frame = known === undefined || at === undefined ? undefined : encode(recorded.seq, at, known)
        // The bytes are all that is needed from here on; a commit as objects weighs several times as much.
        if (at?.kind !== 'report') commit = undefined
      }
      return frame
    },
  }
}

const decoder = new TextDecoder()

const commitOf = (data: Uint8Array): Commit | undefined => {
  try {
    const read = readCommit(JSON.parse(decoder.decode(data)))
    return isUnreadable(read) ? undefined : read
  } catch {
    return undefined
  }
}

/** A node may have written anything: here nothing of it has passed a schema. */
const reportedJobs = (commit: Commit | undefined): readonly string[] =>
  (commit?.ev ?? []).flatMap((event) => {
    if (event.type !== 'ExecutionReported') return []
    const job = jobKeySchema.safeParse(event.job)
    return job.success ? [jobKeyText(job.data)] : []
  })

/** Undefined for what cannot be shown: a node may nest deeper than JSON can be written, and one event must not end the stream. */
const encode = (seq: number, subject: LogSubject, commit: Commit): Buffer | undefined => {
  try {
    // JSON.stringify escapes line breaks, so the data is one line.
    const data = JSON.stringify(eventView(seq, subject, commit))
    return Buffer.from(`id: ${seq}\nevent: ${subject.kind}\ndata: ${data}\n\n`)
  } catch {
    return undefined
  }
}
