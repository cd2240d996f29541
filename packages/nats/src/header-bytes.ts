/** Message headers as prepared bytes and as plain text: the client's own header object costs more than the append. */
import type { Msg, MsgHdrs } from 'nats'

class PreparedHeader {
  private readonly bytes: Uint8Array
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
  encode(): Uint8Array {
    return this.bytes
  }
}

const UNSAFE = /[^\x20-\x7e]/

/** Refuses what would end a header line early; everything that we put into headers is printable ASCII. */
export const headerValue = (value: string): string => {
  if (UNSAFE.test(value)) throw new TypeError(`not a header value: ${JSON.stringify(value)}`)
  return value
}

/**
 * `lines` = `Name: value\r\n` each. The client only ever calls `encode()` on what it is given as headers, which is why
 * the cast holds.
 */
export const preparedHeader = (lines: string): MsgHdrs =>
  new PreparedHeader(Buffer.from(`NATS/1.0\r\n${lines}\r\n`, 'latin1')) as unknown as MsgHdrs

export const headerLines = (headers: Readonly<Record<string, string>>): string => {
  let lines = ''
  for (const [name, value] of Object.entries(headers)) lines += `${headerValue(name)}: ${headerValue(value)}\r\n`
  return lines
}

/** One header out of a stored header block; undefined when it is not there. */
export const headerIn = (block: string, name: string): string | undefined => {
  const start = block.indexOf(`\r\n${name}:`)
  if (start < 0) return undefined
  const from = start + name.length + 3
  const end = block.indexOf('\r\n', from)
  return block.slice(from, end < 0 ? undefined : end).trim()
}

/** The first value of every header of a message. */
export const headersOf = (message: Msg): Readonly<Record<string, string>> => {
  const record: Record<string, string> = {}
  if (message.headers !== undefined) for (const [name, values] of message.headers) record[name] = values[0] ?? ''
  return record
}
