// The encodings of `encode` and `decode`.
import { MappingError, UnsupportedError } from '../value/errors.ts'

interface Encoding {
  encode(bytes: Uint8Array): string
  decode(text: string): Uint8Array
}

const STANDARD = /^[A-Za-z0-9+/]*$/
const URL_SAFE = /^[A-Za-z0-9_-]*$/

const ENCODINGS: Readonly<Record<string, Encoding>> = {
  base64: base64(STANDARD, true),
  base64url: base64(URL_SAFE, true),
  base64rawurl: base64(URL_SAFE, false),
  hex: {
    encode: (bytes) => Buffer.from(bytes).toString('hex'),
    decode: fromHex,
  },
  ascii85: { encode: toAscii85, decode: fromAscii85 },
}

/** @throws MappingError for a scheme there is not */
export function encodingOf(scheme: string): Encoding {
  const encoding = ENCODINGS[scheme]
  if (encoding !== undefined) return encoding
  if (scheme === 'z85') throw new UnsupportedError("unsupported encoding type 'z85'")
  throw new MappingError(`unrecognized encoding type: ${scheme}`)
}

function base64(alphabet: RegExp, padded: boolean): Encoding {
  const url = alphabet === URL_SAFE
  return {
    encode(bytes) {
      const text = Buffer.from(bytes).toString(url ? 'base64url' : 'base64')
      return url && padded ? text.padEnd(Math.ceil(text.length / 4) * 4, '=') : text
    },
    decode(text) {
      const clean = text.replace(/[\r\n]/g, '')
      const body = padded ? clean.replace(/={1,2}$/, '') : clean
      const size = padded ? clean.length % 4 === 0 && clean.length - body.length === (4 - (body.length % 4)) % 4 : true
      if (!alphabet.test(body) || body.length % 4 === 1 || !size) {
        throw new MappingError(`illegal base64 data at input byte ${badPlace(text, alphabet)}`)
      }
      return Buffer.from(body, url ? 'base64url' : 'base64')
    },
  }
}

function badPlace(text: string, alphabet: RegExp): number {
  for (let i = 0; i < text.length; i++) {
    if (!/[\r\n]/.test(text[i] ?? '') && !alphabet.test(text[i] ?? '')) return Buffer.byteLength(text.slice(0, i))
  }
  return Math.floor(text.length / 4) * 4
}

function fromHex(text: string): Uint8Array {
  for (const character of text) {
    if (!/[0-9a-fA-F]/.test(character)) {
      const first = String.fromCharCode(Buffer.from(character)[0] ?? 0)
      const point = (first.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
      throw new MappingError(`encoding/hex: invalid byte: U+${point} '${first}'`)
    }
  }
  if (text.length % 2 !== 0) throw new MappingError('encoding/hex: odd length hex string')
  return Buffer.from(text, 'hex')
}

function toAscii85(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 4) {
    const size = Math.min(4, bytes.length - at)
    let group = 0
    for (let i = 0; i < 4; i++) group = group * 256 + (bytes[at + i] ?? 0)
    if (group === 0 && size === 4) {
      text += 'z'
      continue
    }
    let digits = ''
    for (let i = 0; i < 5; i++) {
      digits = String.fromCharCode((group % 85) + 33) + digits
      group = Math.floor(group / 85)
    }
    text += digits.slice(0, size + 1)
  }
  return text
}

function fromAscii85(text: string): Uint8Array {
  const bytes: number[] = []
  let group: number[] = []
  const flush = (padding: number): void => {
    let value = 0
    for (const digit of group) value = value * 85 + digit
    const four = [value / 2 ** 24, value / 2 ** 16, value / 2 ** 8, value].map((part) => Math.floor(part) & 255)
    bytes.push(...four.slice(0, 4 - padding))
    group = []
  }
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code <= 32) continue
    if (code === 122 && group.length === 0) bytes.push(0, 0, 0, 0)
    else if (code >= 33 && code <= 117) group.push(code - 33)
    else throw new MappingError(`illegal ascii85 data at input byte ${i}`)
    if (group.length === 5) flush(0)
  }
  if (group.length === 1) throw new MappingError(`illegal ascii85 data at input byte ${text.length}`)
  if (group.length > 0) {
    const padding = 5 - group.length
    while (group.length < 5) group.push(84)
    flush(padding)
  }
  return Uint8Array.from(bytes)
}
