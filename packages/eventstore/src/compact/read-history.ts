/** The whole story of a subject: what was archived, then what the log still holds, each message once and in order. */
import { DunlinError, isUnreadable, readCommit } from '@dunlin/contracts/agent'
import type { ObjectStore } from '../kv.ts'
import type { Log, Recorded } from '../log.ts'
import { parseOne } from '../parse.ts'
import { decodeArchive } from './archive-object.ts'
import type { HistoryArchived } from './archive-history.ts'

export interface HistoryOptions {
  readonly log: Pick<Log, 'read'>
  readonly archive: Pick<ObjectStore, 'get'>
  readonly logSubject: string
  readonly sha256: (data: Uint8Array) => string
}

const archivesOf = async ({ log, logSubject }: HistoryOptions, subject: string): Promise<HistoryArchived[]> => {
  const found: HistoryArchived[] = []
  for await (const recorded of log.read(logSubject)) {
    const commit = readCommit(parseOne(recorded.data))
    if (isUnreadable(commit)) continue
    for (const event of commit.ev) {
      const archived = event as Partial<HistoryArchived>
      if (archived.type === 'HistoryArchived' && archived.subject === subject) found.push(archived as HistoryArchived)
    }
  }
  return found.toSorted((a, b) => a.from - b.from || a.upto - b.upto)
}

/** @throws DunlinError corrupt_document when an archived piece is missing or is not what was noted */
export async function* readHistory(options: HistoryOptions, subject: string): AsyncGenerator<Recorded> {
  let seq = 0
  for (const { object, sha256, upto } of await archivesOf(options, subject)) {
    if (upto <= seq) continue
    const bytes = await options.archive.get(object)
    if (bytes === undefined || options.sha256(bytes) !== sha256)
      throw new DunlinError('corrupt_document', `The archive ${object} of ${subject} is missing or damaged.`)
    for (const recorded of await decodeArchive(subject, bytes)) {
      if (recorded.seq <= seq) continue
      seq = recorded.seq
      yield recorded
    }
  }
  for await (const recorded of options.log.read(subject, seq + 1)) yield recorded
}
