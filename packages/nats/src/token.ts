/**
 * The codec for names in subjects. A namespace, job name or command id may hold bytes that mean something in a subject
 * (dots, wildcards, spaces), so A-Z a-z 0-9 _ - stand for themselves and every other byte of the UTF-8 form is =XX.
 * There is exactly one token for a name: two spellings of one name would be two aggregates.
 */
import { DunlinError } from '@dunlin/contracts/agent'

const PLAIN = /^[A-Za-z0-9_-]+$/
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const isPlainByte = (byte: number): boolean =>
  (byte >= 48 && byte <= 57) ||
  (byte >= 65 && byte <= 90) ||
  (byte >= 97 && byte <= 122) ||
  byte === 0x5f ||
  byte === 0x2d

/** How many characters the token of a name has; 0 for the empty name, NaN for text that is not valid Unicode. */
export const tokenLength = (name: string): number => {
  if (PLAIN.test(name)) return name.length
  if (!name.isWellFormed()) return Number.NaN
  let length = 0
  for (const byte of encoder.encode(name)) length += isPlainByte(byte) ? 1 : 3
  return length
}

/** One token for one name. Throws `invalid_subject` for an empty name and for lone surrogates, which have no UTF-8 form. */
export const encodeToken = (name: string): string => {
  if (PLAIN.test(name)) return name
  if (name === '') throw new DunlinError('invalid_subject', 'An empty name cannot stand in a subject.')
  if (!name.isWellFormed()) throw new DunlinError('invalid_subject', 'The name holds half a surrogate pair.')
  let token = ''
  for (const byte of encoder.encode(name))
    token += isPlainByte(byte) ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
  return token
}

const hexDigit = (code: number): number => {
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 65 && code <= 70) return code - 55
  return -1
}

/** The name of a token; undefined when the token is not the one that `encodeToken` makes of any name. */
export const decodeToken = (token: string): string | undefined => {
  if (PLAIN.test(token)) return token
  if (token === '') return undefined
  const bytes: number[] = []
  for (let i = 0; i < token.length; i++) {
    const code = token.charCodeAt(i)
    if (isPlainByte(code)) {
      bytes.push(code)
      continue
    }
    if (code !== 0x3d || i + 2 >= token.length) return undefined
    const high = hexDigit(token.charCodeAt(i + 1))
    const low = hexDigit(token.charCodeAt(i + 2))
    const byte = high * 16 + low
    if (high < 0 || low < 0 || isPlainByte(byte)) return undefined
    bytes.push(byte)
    i += 2
  }
  try {
    return decoder.decode(Uint8Array.from(bytes))
  } catch {
    return undefined
  }
}
