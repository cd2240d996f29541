// `format`: Go's fmt verbs, for the values a mapping has.
import { goFloat } from '../value/number-text.ts'
import {
  DELETED,
  Float,
  NOTHING,
  NumberText,
  Timestamp,
  Uint,
  isObject,
  sortedKeys,
  type Value,
} from '../value/types.ts'
import { formatRfc3339 } from '../time/rfc3339.ts'
import { textOf } from '../value/text.ts'
import { goQuote } from './go-quote.ts'

interface Directive {
  readonly minus: boolean
  readonly plus: boolean
  readonly zero: boolean
  readonly space: boolean
  readonly sharp: boolean
  readonly width: number | undefined
  readonly precision: number | undefined
  readonly verb: string
}

const DIRECTIVE = /%([-+# 0]*)(\d+)?(?:\.(\d*))?(?:\[(\d+)\])?([\s\S])?/gu

export function goFormat(format: string, args: readonly Value[]): string {
  let next = 0
  let reordered = false
  const text = format.replace(
    DIRECTIVE,
    (
      _,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      index: string | undefined,
      verb: string | undefined,
    ) => {
      if (verb === undefined) return '%!(NOVERB)'
      if (verb === '%') return '%'
      if (index !== undefined) {
        reordered = true
        next = Number(index) - 1
        if (next < 0 || next >= args.length) return `%!${verb}(BADINDEX)`
      }
      if (next >= args.length) return `%!${verb}(MISSING)`
      const directive: Directive = {
        minus: flags.includes('-'),
        plus: flags.includes('+'),
        zero: flags.includes('0') && !flags.includes('-'),
        space: flags.includes(' '),
        sharp: flags.includes('#'),
        width: width === undefined ? undefined : Number(width),
        precision: precision === undefined ? undefined : Number(precision),
        verb,
      }
      return one(directive, args[next++] ?? null)
    },
  )
  if (reordered || next >= args.length) return text
  const extra = args.slice(next).map((arg) => (arg === null ? '<nil>' : `${goType(arg)}=${plainly(arg)}`))
  return `${text}%!(EXTRA ${extra.join(', ')})`
}

function one(d: Directive, value: Value): string {
  if (d.verb === 'T') return pad(d, value === null ? '<nil>' : goType(value))
  if (value === null) return d.verb === 'v' ? pad(d, '<nil>') : `%!${d.verb}(<nil>)`
  if (Array.isArray(value)) return `[${value.map((item) => one(d, item)).join(' ')}]`
  if (isObject(value)) {
    const fields = sortedKeys(value).map((key) => `${one(d, key)}:${one(d, value[key] ?? null)}`)
    return `map[${fields.join(' ')}]`
  }
  return scalar(d, value) ?? `%!${d.verb}(${goType(value)}=${plainly(value)})`
}

function scalar(d: Directive, value: Value): string | undefined {
  if (typeof value === 'boolean') return 'tv'.includes(d.verb) ? pad(d, String(value)) : undefined
  if (typeof value === 'string') return text(d, value)
  if (value instanceof NumberText) return text(d, value.text)
  if (value instanceof Uint8Array)
    return d.verb === 'v' || d.verb === 'd' ? `[${[...value].join(' ')}]` : text(d, textOf(value))
  if (value instanceof Float) return float(d, value.value)
  if (value instanceof Uint) return integer(d, value.value)
  if (typeof value === 'number' || typeof value === 'bigint') return integer(d, BigInt(value))
  if (value instanceof Timestamp) return 'sv'.includes(d.verb) ? pad(d, formatRfc3339(value)) : undefined
  return value === DELETED || value === NOTHING ? (d.verb === 'v' ? '<nil>' : undefined) : undefined
}

function text(d: Directive, value: string): string | undefined {
  const cut = d.precision === undefined ? value : Array.from(value).slice(0, d.precision).join('')
  switch (d.verb) {
    case 's':
    case 'v':
      return pad(d, d.verb === 'v' && d.sharp ? goQuote(cut) : cut)
    case 'q':
      return pad(d, goQuote(cut))
    case 'x':
      return pad(d, Buffer.from(cut).toString('hex'))
    case 'X':
      return pad(d, Buffer.from(cut).toString('hex').toUpperCase())
    default:
      return undefined
  }
}

function integer(d: Directive, value: bigint): string | undefined {
  const size = value < 0n ? -value : value
  const bases: Readonly<Record<string, readonly [number, string]>> = {
    d: [10, ''],
    v: [10, ''],
    b: [2, '0b'],
    o: [8, '0'],
    O: [8, '0o'],
    x: [16, '0x'],
    X: [16, '0X'],
  }
  if (d.verb === 'c') return pad(d, String.fromCodePoint(Number(size)))
  if (d.verb === 'q') return pad(d, `'${String.fromCodePoint(Number(size))}'`)
  if (d.verb === 'U') return pad(d, `U+${size.toString(16).toUpperCase().padStart(4, '0')}`)
  const base = bases[d.verb]
  if (base === undefined) return undefined
  let digits = size.toString(base[0])
  if (d.verb === 'X') digits = digits.toUpperCase()
  if (d.precision !== undefined) digits = digits.padStart(d.precision, '0')
  const prefix = d.sharp || d.verb === 'O' ? base[1] : ''
  return numeric(d, value < 0n, prefix + digits, d.precision === undefined)
}

function float(d: Directive, value: number): string | undefined {
  const negative = value < 0 || Object.is(value, -0)
  const size = Math.abs(value)
  const digits = floatDigits(d, size)
  if (digits === undefined) return undefined
  return numeric(d, negative, digits.replace(/^\+/, ''), Number.isFinite(value))
}

function floatDigits(d: Directive, size: number): string | undefined {
  if (!Number.isFinite(size) && 'vgGeEfF'.includes(d.verb)) return goFloat(size, 21)
  switch (d.verb) {
    case 'v':
    case 'g':
    case 'G':
      return d.precision === undefined ? goFloat(size, 21) : generalFloat(size, d.precision)
    case 'f':
    case 'F':
      return size.toFixed(d.precision ?? 6)
    case 'e':
      return exponent(size, d.precision ?? 6)
    case 'E':
      return exponent(size, d.precision ?? 6).toUpperCase()
    default:
      return undefined
  }
}

function exponent(size: number, precision: number): string {
  return size.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2')
}

function generalFloat(size: number, precision: number): string {
  const digits = Math.max(precision, 1)
  const power = size === 0 ? 0 : Number(size.toExponential(digits - 1).split('e')[1])
  if (power < -4 || power >= digits) return exponent(size, digits - 1).replace(/\.?0+e/, 'e')
  const fixed = size.toFixed(Math.max(digits - 1 - power, 0))
  return fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed
}

function numeric(d: Directive, negative: boolean, digits: string, mayFill: boolean): string {
  const sign = negative ? '-' : d.plus ? '+' : d.space ? ' ' : ''
  if (d.zero && mayFill && d.width !== undefined) return sign + digits.padStart(d.width - sign.length, '0')
  return pad({ ...d, zero: false }, sign + digits)
}

function pad(d: Directive, value: string): string {
  const missing = (d.width ?? 0) - Array.from(value).length
  if (missing <= 0) return value
  return d.minus ? value + ' '.repeat(missing) : (d.zero ? '0' : ' ').repeat(missing) + value
}

function plainly(value: Value): string {
  return one(
    {
      minus: false,
      plus: false,
      zero: false,
      space: false,
      sharp: false,
      width: undefined,
      precision: undefined,
      verb: 'v',
    },
    value,
  )
}

function goType(value: Value): string {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number' || typeof value === 'bigint') return 'int64'
  if (value instanceof NumberText) return 'json.Number'
  if (value instanceof Float) return value.single ? 'float32' : 'float64'
  if (value instanceof Uint) return 'uint64'
  if (value instanceof Uint8Array) return '[]uint8'
  if (value instanceof Timestamp) return 'time.Time'
  if (Array.isArray(value)) return '[]interface {}'
  return typeof value === 'symbol' ? `value.${value === DELETED ? 'Delete' : 'Nothing'}` : 'map[string]interface {}'
}
