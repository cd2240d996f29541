/**
 * Durations as Go writes them ("1h30m", "500ms"). Whole milliseconds only: nothing in Dunlin is finer, and a duration
 * that is read and written again must not change.
 */

export type ParsedDuration =
  | { readonly ok: true; readonly ms: number }
  | { readonly ok: false; readonly message: string }

const nanosecondsPer: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}
/** Go keeps durations in 64 bits: about 292 years. */
const MAX_NANOSECONDS = 2n ** 63n - 1n
const MAX_TEXT = 64
const EXAMPLE = 'write it like "1h30m", "10s" or "500ms"'

const bad = (message: string): ParsedDuration => ({ ok: false, message })

/** Grammar of Go's time.ParseDuration, without a sign. */
export const parseGoDuration = (text: string): ParsedDuration => {
  if (text === '0') return { ok: true, ms: 0 }
  if (text.length > MAX_TEXT) return bad(`is too long for a duration; ${EXAMPLE}`)
  if (/^[-+]/.test(text)) return bad('must not have a sign')
  if (/^[0-9]+$/.test(text)) return bad(`has no unit; ${EXAMPLE}`)
  const part = /([0-9]*)(?:\.([0-9]*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y
  let nanoseconds = 0n
  let at = 0
  while (at < text.length) {
    part.lastIndex = at
    const found = part.exec(text)
    const [all = '', whole = '', fraction = '', unit = ''] = found ?? []
    const scale = nanosecondsPer[unit]
    if (scale === undefined || whole + fraction === '') return bad(`is not a duration; ${EXAMPLE}`)
    const fractional = BigInt(fraction === '' ? '0' : fraction) * scale
    const divisor = 10n ** BigInt(fraction.length)
    if (fractional % divisor !== 0n) return bad('is finer than a nanosecond')
    nanoseconds += BigInt(whole === '' ? '0' : whole) * scale + fractional / divisor
    at += all.length
  }
  if (at === 0) return bad(`is empty; ${EXAMPLE}`)
  return fromNanoseconds(nanoseconds)
}

export const fromNanoseconds = (nanoseconds: bigint): ParsedDuration => {
  if (nanoseconds < 0n) return bad('must not be negative')
  if (nanoseconds > MAX_NANOSECONDS) return bad('is longer than 292 years')
  if (nanoseconds % 1_000_000n !== 0n) return bad('is finer than a millisecond')
  return { ok: true, ms: Number(nanoseconds / 1_000_000n) }
}

/** The shortest Go string of a whole number of milliseconds: 5400000 -> "1h30m", 1500 -> "1.5s", 0 -> "0s". */
export const formatGoDuration = (ms: number): string => {
  if (!Number.isSafeInteger(ms) || ms < 0) throw new RangeError(`${ms} is not a whole number of milliseconds`)
  if (ms === 0) return '0s'
  if (ms < 1000) return `${ms}ms`
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor((ms % 3_600_000) / 60_000)
  const seconds = (ms % 60_000) / 1000
  return `${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}${seconds > 0 ? `${seconds}s` : ''}`
}

/** Milliseconds of a duration in a parsed spec, where it is known to be well-formed. */
export const durationMs = (text: string): number => {
  const parsed = parseGoDuration(text)
  if (!parsed.ok) throw new RangeError(`${JSON.stringify(text)} ${parsed.message}`)
  return parsed.ms
}
