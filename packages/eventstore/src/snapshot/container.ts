/** The bytes of a snapshot: a mark, the length of a JSON header, the header, and the packed frames one after another. */
import { DunlinError } from '@dunlin/contracts/agent'
import type { AheadEntry } from '../fold/ahead.ts'
import type { LogPosition } from '../log.ts'

export const SNAPSHOT_FORMAT = 1
const MAGIC = Buffer.from('DNLS')

export interface SnapshotHeader {
  readonly format: number
  readonly foldVersion: string
  readonly position: LogPosition
  readonly kinds: readonly { readonly name: string; readonly count: number }[]
  readonly troubled: readonly { readonly kind: string; readonly key: string }[]
  /** Messages beyond the position that the states hold already. */
  readonly ahead?: readonly AheadEntry[]
  /** Sizes of the packed frames: aggregates, then the numbers of their index, then `extra`. */
  readonly states: readonly number[]
  readonly index: readonly number[]
  readonly extra: readonly number[]
}

export const encodeContainer = (header: SnapshotHeader, frames: readonly Uint8Array[]): Buffer => {
  const head = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(head.length)
  return Buffer.concat([MAGIC, length, head, ...frames])
}

/** Throws `corrupt_document` when the bytes are not a snapshot of a format that this release reads. */
export const decodeContainer = (bytes: Uint8Array): { readonly header: SnapshotHeader; readonly frames: Buffer[] } => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer.length < 8 || !buffer.subarray(0, 4).equals(MAGIC))
    throw new DunlinError('corrupt_document', 'Not a snapshot.')
  const headEnd = 8 + buffer.readUInt32LE(4)
  const header = JSON.parse(buffer.toString('utf8', 8, headEnd)) as SnapshotHeader
  if (header.format !== SNAPSHOT_FORMAT)
    throw new DunlinError('corrupt_document', `A snapshot of format ${header.format}.`)
  let at = headEnd
  const frames: Buffer[] = []
  for (const size of [...header.states, ...header.index, ...header.extra]) {
    frames.push(buffer.subarray(at, at + size))
    at += size
  }
  if (at !== buffer.length) throw new DunlinError('corrupt_document', 'A snapshot of the wrong length.')
  return { header, frames }
}
