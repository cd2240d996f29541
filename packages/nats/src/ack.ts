/** What a stream answers to a publish, read by hand: JSON.parse per append would cost as much as sending it. */

export type Ack =
  | { readonly is: 'stored'; readonly seq: number; readonly duplicate: boolean }
  | { readonly is: 'refused'; readonly code: number; readonly errCode: number; readonly description: string }
  /** Not an answer of a stream. */
  | { readonly is: 'unreadable' }

interface AckJson {
  readonly seq?: number
  readonly duplicate?: boolean
  readonly error?: { readonly code?: number; readonly err_code?: number; readonly description?: string }
}

const QUOTE = 0x22
const SPACE = 0x20
const BRACE = 0x7d

/** `{"stream":"EVENTS","seq":123}` with or without a space; 0 when the bytes are anything else. */
export const plainAckSeq = (data: Uint8Array, streamLength: number): number => {
  // {"stream":"<stream>", then optionally a space, then "seq":
  let i = 11 + streamLength
  if (data[i] !== QUOTE || data[i + 1] !== 0x2c) return 0
  i += 2
  if (data[i] === SPACE) i++
  // "seq":
  if (data[i + 1] !== 0x73 || data[i + 2] !== 0x65 || data[i + 3] !== 0x71 || data[i + 5] !== 0x3a) return 0
  let seq = 0
  for (i += 6; i < data.length; i++) {
    const digit = (data[i] ?? 0) - 48
    if (digit < 0 || digit > 9) return data[i] === BRACE && i === data.length - 1 ? seq : 0
    seq = seq * 10 + digit
  }
  return 0
}

/** The general reader, for everything that `plainAckSeq` does not take. */
export const readAck = (data: Uint8Array): Ack => {
  let json: AckJson
  try {
    json = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8')) as AckJson
  } catch {
    return { is: 'unreadable' }
  }
  if (json.error !== undefined) {
    const { code = 0, err_code = 0, description = '' } = json.error
    return { is: 'refused', code, errCode: err_code, description }
  }
  if (typeof json.seq !== 'number') return { is: 'unreadable' }
  return { is: 'stored', seq: json.seq, duplicate: json.duplicate === true }
}

/** The subject's real last sequence out of "wrong last sequence: 17". */
export const actualIn = (description: string): number | undefined => {
  const found = /(\d+)\s*$/.exec(description)
  return found === null ? undefined : Number(found[1])
}
