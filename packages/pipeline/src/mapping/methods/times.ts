// Methods on points in time and on durations.
import { integerArg, optionalText, textArg, timeArg } from '../compile/args.ts'
import { optional, param, type Args } from '../compile/params.ts'
import { folding, type MethodSpec } from '../compile/spec.ts'
import { UTC, localZone, zoneNamed } from '../time/civil.ts'
import { formatGoLayout } from '../time/go-format.ts'
import { parseGoLayout } from '../time/go-parse.ts'
import { parseDuration } from '../time/duration.ts'
import { formatRfc3339 } from '../time/rfc3339.ts'
import { timestampOf } from '../time/timestamp.ts'
import { MappingError } from '../value/errors.ts'
import { int } from '../value/number.ts'
import { needString } from '../value/text.ts'
import { Timestamp, type Value, type Zone } from '../value/types.ts'

const RFC3339_NANO = '2006-01-02T15:04:05.999999999Z07:00'
const FORMAT = [optional('format', 'string', RFC3339_NANO), optional('tz', 'string')]

export const TIMES: Record<string, MethodSpec> = {
  ts_parse: folding(
    [param('format', 'string')],
    (args) => (value) => parseGoLayout(needString(value), textArg(args, 0)),
  ),
  // The older name gives text.
  parse_timestamp: folding(
    [param('format', 'string')],
    (args) => (value) => formatRfc3339(parseGoLayout(needString(value), textArg(args, 0))),
  ),
  ts_format: folding(FORMAT, format),
  format_timestamp: folding(FORMAT, format),
  ts_unix: epoch(1_000_000_000n),
  ts_unix_milli: epoch(1_000_000n),
  ts_unix_micro: epoch(1_000n),
  ts_unix_nano: epoch(1n),
  format_timestamp_unix: epoch(1_000_000_000n),
  format_timestamp_unix_milli: epoch(1_000_000n),
  format_timestamp_unix_micro: epoch(1_000n),
  format_timestamp_unix_nano: epoch(1n),
  ts_sub: folding([param('t2', 'timestamp')], (args) => (value) => {
    const difference = timestampOf(value).epochNs - timeArg(args, 0).epochNs
    const limit = 2n ** 63n
    return int(difference >= limit ? limit - 1n : difference < -limit ? -limit : difference)
  }),
  ts_round: folding([param('duration', 'integer')], (args) => {
    const step = BigInt(integerArg(args, 0))
    return (value) => roundTime(timestampOf(value), step)
  }),
  ts_tz: folding([param('tz', 'string')], (args) => {
    const zone = needZone(textArg(args, 0))
    return (value) => new Timestamp(timestampOf(value).epochNs, zone)
  }),
  parse_duration: folding([], () => (value) => parseDuration(needString(value))),
}

function format(args: Args): (value: Value) => Value {
  const layout = textArg(args, 0)
  const name = optionalText(args, 1)
  const zone = name === undefined ? undefined : needZone(name)
  return (value) => {
    const time = timestampOf(value)
    return formatGoLayout(zone === undefined ? time : new Timestamp(time.epochNs, zone), layout)
  }
}

function needZone(name: string): Zone {
  const zone = name === 'Local' ? localZone() : name === '' ? UTC : zoneNamed(name)
  if (zone === undefined) throw new MappingError(`failed to parse timezone location name: unknown time zone ${name}`)
  return zone
}

function epoch(unitNs: bigint): MethodSpec {
  return folding([], () => (value) => {
    const { epochNs } = timestampOf(value)
    const whole = epochNs / unitNs
    return int(epochNs < 0n && whole * unitNs !== epochNs ? whole - 1n : whole)
  })
}

/** Halfway goes up; counted from the year 1, as Go does. */
function roundTime(time: Timestamp, step: bigint): Timestamp {
  if (step <= 0n) return time
  const fromYearOne = time.epochNs + 62_135_596_800n * 1_000_000_000n
  const rest = ((fromYearOne % step) + step) % step
  const shift = rest + rest < step ? -rest : step - rest
  return new Timestamp(time.epochNs + shift, time.zone)
}
