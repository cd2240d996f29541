/** One aggregate in a snapshot: a JSON list that begins with its key. */
import type { Condition } from '../aggregate.ts'
import { newCell, OK, type Cell, type KindRules } from '../fold/cell.ts'

type Entry = [
  key: string,
  subject: string,
  v: number,
  seq: number,
  at: number,
  cmd: string,
  condition: Condition | 0,
  baseV: number,
  below: number,
  state: unknown,
]

export const encodeEntry = (cell: Cell): string =>
  JSON.stringify([
    cell.key,
    cell.subject,
    cell.v,
    cell.seq,
    cell.at,
    cell.cmd,
    cell.condition.is === 'ok' ? 0 : cell.condition,
    cell.baseV,
    cell.below,
    cell.kind.folding.toJson(cell.state),
  ] satisfies Entry)

export const decodeEntry = (kind: KindRules, text: string): Cell => {
  const [key, subject, v, seq, at, cmd, condition, baseV, below, state] = JSON.parse(text) as Entry
  const cell = newCell(kind, subject, key, kind.folding.fromJson(state))
  return Object.assign(cell, {
    v,
    seq,
    at,
    cmd,
    condition: condition === 0 ? OK : condition,

    baseV,
    below,
  })
}

/** What the text of a key's entry begins with. */
export const entryPrefix = (key: string): string => `[${JSON.stringify(key)},`

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** The key of an entry, without parsing the rest. */
export const keyOf = (bytes: Buffer): string => {
  let end = 2
  while (bytes[end] !== QUOTE) end += bytes[end] === BACKSLASH ? 2 : 1
  return JSON.parse(bytes.toString('utf8', 1, end + 1)) as string
}

/** FNV-1a over UTF-16 units. */
export const hashKey = (key: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
