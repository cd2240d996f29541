// Methods about any value: fallbacks, named maps, types.
import { applyMap } from '../compile/named-map.ts'
import { param, type Args } from '../compile/params.ts'
import { onQuery, onValue, type MethodSpec } from '../compile/spec.ts'
import { stepArg, textArg, valueArg } from '../compile/args.ts'
import { MappingError, wrongType, wrongTypeFrom } from '../value/errors.ts'
import { equal } from '../value/equal.ts'
import { insideStep } from '../compile/access.ts'
import { search, splitPath } from '../value/path.ts'
import { DELETED, NOTHING, isObject, typeOf, type Value } from '../value/types.ts'
import { byteLength, toBytes, toText } from '../value/text.ts'
import type { Step } from '../compile/step.ts'

const QUERY = [param('query', 'query')]
const FALLBACK = [param('fallback', 'query')]

export const GENERAL: Record<string, MethodSpec> = {
  apply: onQuery(
    [param('mapping', 'string')],
    (target, args) => {
      const name = textArg(args, 0)
      return (frame) => {
        const value = target.run(frame)
        const map = frame.run.maps.get(name)
        if (map === undefined) throw new MappingError(`map ${name} was not found`)
        return applyMap(map, value, frame)
      }
    },
    (_, args) => `map ${textArg(args, 0)}`,
  ),
  array: onValue([], () => (value) => (Array.isArray(value) ? value : [value])),
  catch: onQuery(FALLBACK, (target, args) => {
    const fallback = stepArg(args, 0)
    return (frame) => {
      try {
        return target.run(frame)
      } catch (error) {
        if (!(error instanceof MappingError)) throw error
        return fallback.run(frame.with(error.message))
      }
    }
  }),
  // `get` with a literal path is compiled like a field access; this is the dynamic one.
  get: onQuery([param('path', 'string')], (target, args) => insideStep(target, splitPath(textArg(args, 0))).run),
  map: onQuery(
    QUERY,
    (target, args) => {
      const body = stepArg(args, 0)
      return (frame) => body.run(frame.with(target.run(frame)))
    },
    (_, args) => stepArg(args, 0).label,
  ),
  not: onQuery(
    [],
    (target) => (frame) => {
      const value = target.run(frame)
      if (typeof value !== 'boolean') throw wrongTypeFrom(target.label, value, 'bool')
      return !value
    },
    (target) => `not ${target.label}`,
  ),
  not_empty: onValue([], () => (value) => {
    if (typeof value === 'string') {
      if (value === '') throw new MappingError('string value is empty')
    } else if (Array.isArray(value)) {
      if (value.length === 0) throw new MappingError('array value is empty')
    } else if (isObject(value)) {
      if (Object.keys(value).length === 0) throw new MappingError('object value is empty')
    } else throw wrongType(value, 'string', 'array', 'object')
    return value
  }),
  not_null: onValue([], () => (value) => {
    if (value === null) throw new MappingError('value is null')
    return value
  }),
  or: onQuery(FALLBACK, (target, args) => fallbackOf(target, stepArg(args, 0))),
  type: onQuery([], (target) => (frame) => typeOf(target.run(frame))),
  length: onValue([], () => (value) => {
    if (typeof value === 'string') return byteLength(value)
    if (value instanceof Uint8Array || Array.isArray(value)) return value.length
    if (isObject(value)) return Object.keys(value).length
    throw wrongType(value, 'string', 'array', 'object')
  }),
  contains: onValue([param('value', 'any')], (args) => containsValue(args[0])),
  exists: onValue([param('path', 'string')], (args) => {
    const path = splitPath(textArg(args, 0))
    return (value) => search(value, path) !== undefined
  }),
}

function containsValue(wanted: Args[number]): (value: Value) => Value {
  const sought = valueArg([wanted], 0)
  return (value) => {
    if (typeof value === 'string') return value.includes(toText(sought))
    if (value instanceof Uint8Array) return Buffer.from(value).includes(toBytes(sought))
    if (Array.isArray(value)) return value.some((item) => equal(sought, item))
    if (isObject(value)) return Object.values(value).some((item) => equal(sought, item))
    throw wrongType(value, 'string', 'array', 'object')
  }
}

function fallbackOf(target: Step, fallback: Step): Step['run'] {
  return (frame) => {
    try {
      const value = target.run(frame)
      if (value !== null && value !== DELETED && value !== NOTHING) return value
    } catch (error) {
      if (!(error instanceof MappingError)) throw error
    }
    return fallback.run(frame)
  }
}
