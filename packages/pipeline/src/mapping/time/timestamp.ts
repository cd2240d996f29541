// Reading points in time out of values: seconds since the epoch, or RFC 3339 text.
import { MappingError, wrongType } from '../value/errors.ts'
import { plain } from '../value/number.ts'
import { textOf } from '../value/text.ts'
import { Float, Timestamp, Uint, type Value } from '../value/types.ts'
import { localZone } from './civil.ts'
import { parseGoLayout } from './go-parse.ts'

const NS = 1_000_000_000n
const RFC3339_NANO = '2006-01-02T15:04:05.999999999Z07:00'

/** @throws MappingError when the value is neither a number nor RFC 3339 text */
export function timestampOf(value: Value): Timestamp {
  if (value instanceof Timestamp) return value
  const simple = plain(value)
  if (typeof simple === 'number' || typeof simple === 'bigint') return fromSeconds(BigInt(simple))
  if (simple instanceof Uint) return fromSeconds(BigInt.asIntN(64, simple.value))
  if (simple instanceof Float) return fromFloat(simple.value)
  if (simple instanceof Uint8Array) return parseGoLayout(textOf(simple), RFC3339_NANO)
  if (typeof simple === 'string') return parseGoLayout(simple, RFC3339_NANO)
  throw wrongType(value, 'number', 'string')
}

function fromSeconds(seconds: bigint): Timestamp {
  return new Timestamp(seconds * NS, localZone())
}

function fromFloat(seconds: number): Timestamp {
  if (!Number.isFinite(seconds)) throw new MappingError('a timestamp must be a finite number')
  const whole = Math.trunc(seconds)
  return new Timestamp(BigInt(whole) * NS + BigInt(Math.trunc((seconds - whole) * 1e9)), localZone())
}
