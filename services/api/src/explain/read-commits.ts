/** The commits of one subject in the order of the log, page by page; where compaction took the beginning, from the archive. */
import { isUnreadable, readCommit, type Commit } from '@dunlin/contracts'
import { readHistory, type Log, type ObjectStore, type Recorded } from '@dunlin/eventstore'
import { LOG_SUBJECT } from '@dunlin/nats'
import { sha256 } from '@dunlin/runtime'

export interface CommitReader {
  readonly log: Pick<Log, 'read'>
  readonly archive: Pick<ObjectStore, 'get'>
}

export interface ReadCommit {
  readonly seq: number
  readonly commit: Commit
}

/** From sequence `from` on. What cannot be read is left out: the fold has quarantined its subject, and the caller says so. */
export async function* readCommits(reader: CommitReader, subject: string, from: number): AsyncGenerator<ReadCommit> {
  let isFirst = true
  for await (const recorded of reader.log.read(subject, Math.max(1, from))) {
    const read = parse(recorded)
    if (isFirst && read?.commit.ev[0]?.type === 'Checkpointed') return yield* fromHistory(reader, subject, from)
    isFirst = false
    if (read !== undefined) yield read
  }
}

async function* fromHistory({ log, archive }: CommitReader, subject: string, from: number): AsyncGenerator<ReadCommit> {
  for await (const recorded of readHistory({ log, archive, logSubject: LOG_SUBJECT, sha256 }, subject)) {
    const read = recorded.seq < from ? undefined : parse(recorded)
    if (read !== undefined) yield read
  }
}

const parse = ({ seq, data }: Recorded): ReadCommit | undefined => {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder().decode(data))
  } catch {
    return undefined
  }
  const commit = readCommit(json)
  return isUnreadable(commit) ? undefined : { seq, commit }
}
