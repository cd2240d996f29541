/** First half of every compaction: the history lies in ARCHIVE, and `evt.log` says so, before anything is purged. */
import { COMMIT_SCHEMA, DunlinError, isUnreadable, readCommit, serviceActor } from '@dunlin/contracts/agent'
import type { AnyCommit } from '../any-commit.ts'
import type { Kinds } from '../fold/types.ts'
import type { Recorded } from '../log.ts'
import { commitMessageId } from '../message-id.ts'
import { parseOne } from '../parse.ts'
import { encodeArchive } from './archive-object.ts'
import type { CompactOptions } from './types.ts'

/** Bodies in one object, before compression. */
const PIECE_BYTES = 32 * 1024 * 1024
const ATTEMPTS = 32

function* pieces(messages: readonly Recorded[]): Generator<readonly Recorded[]> {
  let from = 0
  let bytes = 0
  for (const [index, { data }] of messages.entries()) {
    bytes += data.byteLength
    if (bytes < PIECE_BYTES && index < messages.length - 1) continue
    yield messages.slice(from, index + 1)
    from = index + 1
    bytes = 0
  }
}

/** Appends to `evt.log` without a fold of it: the last commit tells the version. */
const noteArchived = async <K extends Kinds>(options: CompactOptions<K>, event: HistoryArchived): Promise<void> => {
  const { log, logSubject, sha256, clock } = options
  const cmd = `~archived.${event.object}`
  const msgId = commitMessageId(sha256, logSubject, cmd, 0)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const last = await log.last(logSubject)
    const before = last && readCommit(parseOne(last.data))
    if (before !== undefined && isUnreadable(before))
      throw new DunlinError('log_gap', `The last commit of ${logSubject} cannot be read: ${before.detail}`)
    const commit: AnyCommit = {
      s: COMMIT_SCHEMA,
      v: (before?.v ?? 0) + 1,
      cmd,
      by: serviceActor('log'),
      at: Math.max(clock.nowMs(), before?.at ?? 0),
      ev: [event],
    }
    const data = Buffer.from(JSON.stringify(commit))
    const result = await log.append({
      subject: logSubject,
      data,
      expected: last?.seq ?? 0,
      msgId,
      types: ['HistoryArchived'],
    })
    if (result.ok) return
  }
  throw new DunlinError('log_busy', `Too many writers of ${logSubject} at once.`)
}

export interface HistoryArchived {
  readonly type: 'HistoryArchived'
  readonly subject: string
  readonly from: number
  readonly upto: number
  readonly commits: number
  readonly object: string
  readonly sha256: string
}

/** Stores the messages and notes it; done again it stores and notes the same. Returns the name of the last object. */
export const archiveHistory = async <K extends Kinds>(
  options: CompactOptions<K>,
  subject: string,
  messages: readonly Recorded[],
): Promise<string | undefined> => {
  const { archive, sha256, onStep } = options
  let object: string | undefined
  for (const piece of pieces(messages)) {
    const bytes = await encodeArchive(piece)
    const hash = sha256(bytes)
    object = `history/${hash}`
    await archive.put(object, bytes)
    await onStep?.('history_stored', subject)
    await noteArchived(options, {
      type: 'HistoryArchived',
      subject,
      from: piece[0]?.seq ?? 0,
      upto: piece.at(-1)?.seq ?? 0,
      commits: piece.length,
      object,
      sha256: hash,
    })
    await onStep?.('history_noted', subject)
  }
  return object
}
