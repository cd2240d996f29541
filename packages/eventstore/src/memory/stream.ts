/** The stored messages of the in-memory log: what a server holds, without connections and time. */
import { DunlinError } from '@dunlin/contracts/agent'
import type { AppendRequest, AppendResult, LogInfo, LogPosition, Recorded } from '../log.ts'
import { markOf } from '../log.ts'

/** Largest message of a server with default settings, headers included. */
const MAX_MESSAGE_BYTES = 1024 * 1024
/** Roughly what the server adds for subject, headers and record. */
const OVERHEAD_BYTES = 64

const sizeOf = (recorded: Recorded): number =>
  recorded.data.byteLength + recorded.subject.length + (recorded.msgId?.length ?? 0) + OVERHEAD_BYTES

export interface Stream {
  created: string
  lastSeq: number
  readonly store: (request: AppendRequest, nowMs: number) => AppendResult
  readonly get: (seq: number) => Recorded | undefined
  readonly lastOf: (subject: string) => Recorded | undefined
  /** Sequences of a subject, rising; live. */
  readonly seqsOf: (subject: string) => readonly number[]
  readonly info: () => LogInfo
  readonly purge: (subject: string, belowSeq: number) => number
  readonly rewindTo: (seq: number) => void
  readonly corrupt: (seq: number, data: Uint8Array) => void
  readonly limit: (maxBytes: number) => void
  /** Why a follower at this position does not belong to this stream; undefined when it does. */
  readonly mismatch: (position: LogPosition) => string | undefined
}

export const createStream = (created: string, limitBytes: number, duplicateWindowMs: number): Stream => {
  let maxBytes = limitBytes
  const entries: (Recorded | undefined)[] = []
  const bySubject = new Map<string, number[]>()
  const ids = new Map<string, { readonly seq: number; readonly atMs: number }>()
  let bytes = 0
  let messages = 0

  const seqsOf = (subject: string): readonly number[] => bySubject.get(subject) ?? []
  const get = (seq: number): Recorded | undefined => entries[seq - 1]

  const drop = (seq: number): void => {
    const recorded = get(seq)
    if (recorded === undefined) return
    entries[seq - 1] = undefined
    bytes -= sizeOf(recorded)
    messages--
  }

  /** The window spans the whole stream and comes before the compare-and-set, as on the server. */
  const repeated = (msgId: string, nowMs: number): number | undefined => {
    for (const [id, { atMs }] of ids) {
      if (nowMs - atMs <= duplicateWindowMs) break
      ids.delete(id)
    }
    return ids.get(msgId)?.seq
  }

  const stream: Stream = {
    created,
    lastSeq: 0,
    get,
    seqsOf,
    lastOf: (subject) => get(seqsOf(subject).at(-1) ?? 0),
    store({ subject, data, expected, msgId, types }, nowMs) {
      const headerBytes = 160 + (msgId?.length ?? 0) + (types?.join(',').length ?? 0)
      if (data.byteLength + headerBytes > MAX_MESSAGE_BYTES)
        throw new DunlinError('commit_too_large', `A message of ${data.byteLength} bytes and its headers.`)
      const known = msgId === undefined ? undefined : repeated(msgId, nowMs)
      if (known !== undefined) return { ok: true, seq: known, duplicate: true }
      const actual = seqsOf(subject).at(-1) ?? 0
      if (actual !== expected) return { ok: false, conflict: true, actual }
      const recorded: Recorded = {
        seq: stream.lastSeq + 1,
        subject,
        data,
        storedAtMs: nowMs,
        ...(msgId === undefined ? undefined : { msgId }),
      }
      if (maxBytes >= 0 && bytes + sizeOf(recorded) > maxBytes) throw new DunlinError('log_full')
      stream.lastSeq = recorded.seq
      entries[recorded.seq - 1] = recorded
      bytes += sizeOf(recorded)
      messages++
      const seqs = bySubject.get(subject)
      if (seqs === undefined) bySubject.set(subject, [recorded.seq])
      else seqs.push(recorded.seq)
      if (msgId !== undefined) ids.set(msgId, { seq: recorded.seq, atMs: nowMs })
      return { ok: true, seq: recorded.seq, duplicate: false }
    },
    info() {
      const first = entries.findIndex((entry) => entry !== undefined)
      return {
        created: stream.created,
        firstSeq: first < 0 ? stream.lastSeq + 1 : first + 1,
        lastSeq: stream.lastSeq,
        messages,
        bytes,
        maxBytes,
      }
    },
    purge(subject, belowSeq) {
      const seqs = bySubject.get(subject)
      if (seqs === undefined) return 0
      const kept = seqs.filter((seq, index) => seq >= belowSeq || index === seqs.length - 1)
      const purged = seqs.length - kept.length
      const keep = new Set(kept)
      for (const seq of seqs) if (!keep.has(seq)) drop(seq)
      bySubject.set(subject, kept)
      return purged
    },
    rewindTo(seq) {
      for (let gone = seq + 1; gone <= stream.lastSeq; gone++) drop(gone)
      entries.length = Math.min(entries.length, seq)
      for (const [subject, seqs] of bySubject) {
        const kept = seqs.filter((kept) => kept <= seq)
        if (kept.length === 0) bySubject.delete(subject)
        else bySubject.set(subject, kept)
      }
      for (const [id, known] of ids) if (known.seq > seq) ids.delete(id)
      stream.lastSeq = Math.min(stream.lastSeq, seq)
    },
    limit: (bytes) => void (maxBytes = bytes),
    corrupt(seq, data) {
      const recorded = get(seq)
      if (recorded !== undefined) entries[seq - 1] = { ...recorded, data }
    },
    mismatch(position) {
      if (position.created !== '' && position.created !== stream.created)
        return `the stream was created at ${stream.created}, not at ${position.created}`
      if (position.seq > stream.lastSeq) return `the log ends at ${stream.lastSeq}, below ${position.seq}`
      const recorded = get(position.seq)
      if (recorded !== undefined && position.mark !== undefined && markOf(recorded) !== position.mark)
        return `message ${position.seq} is not the one that was read before`
      return undefined
    },
  }
  return stream
}
