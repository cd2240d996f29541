// Durations such as `1h30m` as nanoseconds, as Go reads them.
import { MappingError } from '../value/errors.ts'
import { int } from '../value/number.ts'
import type { Integer } from '../value/types.ts'

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

/** @throws MappingError when the text is no duration or does not fit 64 bits */
export function parseDuration(text: string): Integer {
  const invalid = new MappingError(`time: invalid duration ${JSON.stringify(text)}`)
  const sign = /^[+-]/.exec(text)?.[0] ?? ''
  const body = text.slice(sign.length)
  if (body === '0') return 0
  if (body === '') throw invalid
  let total = 0n
  for (let at = 0; at < body.length;) {
    const match = /^(\d*)(?:\.(\d*))?([^\d.]*)/u.exec(body.slice(at))
    const [whole = '', digits = '', fraction = '', unit = ''] = match ?? []
    if (whole === '' || (digits === '' && fraction === '')) throw invalid
    if (unit === '') throw new MappingError(`time: missing unit in duration ${JSON.stringify(text)}`)
    const size = UNITS[unit]
    if (size === undefined) {
      throw new MappingError(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`)
    }
    total += BigInt(digits || '0') * size
    if (fraction !== '') total += (BigInt(fraction.slice(0, 18)) * size) / 10n ** BigInt(Math.min(fraction.length, 18))
    if (total > 2n ** 63n) throw invalid
    at += whole.length
  }
  if (sign !== '-' && total > 2n ** 63n - 1n) throw invalid
  return int(sign === '-' ? -total : total)
}
