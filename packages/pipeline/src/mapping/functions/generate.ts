// Functions that bring something new into a mapping: the time, identifiers, numbers, the environment.
import { flagArg, integerArg, sizeArg, stepArg, textArg } from '../compile/args.ts'
import type { Frame } from '../compile/frame.ts'
import { fixed, optional, param, type Args } from '../compile/params.ts'
import type { FunctionSpec } from '../compile/spec.ts'
import type { Step } from '../compile/step.ts'
import { localZone } from '../time/civil.ts'
import { formatRfc3339 } from '../time/rfc3339.ts'
import { MappingError } from '../value/errors.ts'
import { int, needNumber } from '../value/number.ts'
import { Float, Timestamp, type Value } from '../value/types.ts'

export const GENERATE: Record<string, FunctionSpec> = {
  now: { params: [], make: () => (frame) => formatRfc3339(new Timestamp(nowNs(frame), localZone())) },
  timestamp_unix: epoch(1_000_000_000n),
  timestamp_unix_milli: epoch(1_000_000n),
  timestamp_unix_micro: epoch(1_000n),
  timestamp_unix_nano: epoch(1n),
  uuid_v4: { params: [], make: () => (frame) => frame.run.ports.uuid() },
  pi: { params: [], make: () => () => new Float(Math.PI) },
  env: {
    params: [param('name', 'string'), optional('no_cache', 'bool', false)],
    make: (args) => {
      void flagArg(args, 1)
      return (frame) => frame.run.ports.env(textArg(args, 0)) ?? null
    },
  },
  bytes: {
    params: [param('length', 'integer')],
    make: (args) => {
      const size = sizeArg(args, 0)
      if (size < 0 || size > MAX_BYTES) throw new MappingError(`length must be between 0 and ${MAX_BYTES}: ${size}`)
      return () => new Uint8Array(size)
    },
  },
  range: {
    params: [param('start', 'integer'), param('stop', 'integer'), optional('step', 'integer', 1)],
    make: range,
  },
  random_int: {
    params: [optional('seed', 'query'), fixed('min', 0), fixed('max', Number.MAX_SAFE_INTEGER)],
    make: randomInteger,
  },
}

const MAX_BYTES = 16 * 1024 * 1024
const MAX_RANGE = 10_000_000

/** A clock in milliseconds with fractions, as nanoseconds. */
function nowNs(frame: Frame): bigint {
  const ms = frame.run.ports.now()
  const whole = Math.floor(ms)
  return BigInt(whole) * 1_000_000n + BigInt(Math.floor((ms - whole) * 1e6))
}

function epoch(unitNs: bigint): FunctionSpec {
  return { params: [], make: () => (frame) => int(nowNs(frame) / unitNs) }
}

function range(args: Args): Step['run'] {
  const [start, stop, step] = [sizeArg(args, 0), sizeArg(args, 1), sizeArg(args, 2)]
  if (step === 0) throw new MappingError('step must be greater than or less than 0')
  if (step < 0) {
    if (stop > start) throw new MappingError(`with negative step arg stop (${stop}) must be <= start (${start})`)
  } else if (start >= stop) {
    throw new MappingError(`with positive step arg start (${start}) must be < stop (${stop})`)
  }
  const length = Math.trunc((stop - start) / step)
  if (length > MAX_RANGE) throw new MappingError(`a range of ${length} elements is too large`)
  const values: Value[] = Array.from({ length }, (_, i) => int(BigInt(start + step * i)))
  return () => values
}

function randomInteger(args: Args): Step['run'] {
  const [min, max] = [integerArg(args, 1), integerArg(args, 2)]
  if (min < 0) throw new MappingError(`min (${min}) must be a positive number`)
  if (max < 0) throw new MappingError(`max (${max}) must be a positive number`)
  if (min > max) throw new MappingError(`min (${min}) must be smaller or equal than max (${max})`)
  const [low, high] = [Number(min), Number(max)]
  const seed = args[0] === undefined ? undefined : stepArg(args, 0)
  let seeded: (() => number) | undefined
  return (frame) => {
    if (seed !== undefined) seeded ??= generator(needNumber(seed.run(frame)))
    const random = seeded?.() ?? frame.run.ports.random()
    return int(BigInt(Math.min(high, Math.floor(low + random * (high - low + 1)))))
  }
}

/** The same numbers for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = Math.trunc(seed) | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
