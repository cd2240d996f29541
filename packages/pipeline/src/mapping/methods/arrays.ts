// Methods on arrays, and those that walk arrays and objects alike.
import { optionalText, sizeArg, stepArg, valueArg, valueArgs } from '../compile/args.ts'
import type { Frame } from '../compile/frame.ts'
import { optional, param } from '../compile/params.ts'
import { onValue, type MethodSpec } from '../compile/spec.ts'
import type { Step } from '../compile/step.ts'
import { MappingError, SourcedError, prefixed, wrongType } from '../value/errors.ts'
import { equal } from '../value/equal.ts'
import { numberOf, plain } from '../value/number.ts'
import { stringOf, textOf, utf8 } from '../value/text.ts'
import {
  DELETED,
  NOTHING,
  isObject,
  objectFrom,
  putField,
  sortedKeys,
  type ObjectValue,
  type Value,
} from '../value/types.ts'

export const ARRAYS: Record<string, MethodSpec> = {
  all: onValue([param('test', 'query')], (args) => (value, frame) => {
    const items = array(value)
    return items.length > 0 && items.every((item, i) => testElement(stepArg(args, 0), item, i, frame))
  }),
  any: onValue(
    [param('test', 'query')],
    (args) => (value, frame) => array(value).some((item, i) => testElement(stepArg(args, 0), item, i, frame)),
  ),
  append: onValue('variadic', (args) => (value) => [...array(value), ...valueArgs(args)]),
  concat: onValue('variadic', (args) => {
    const others = valueArgs(args).map(array)
    return (value) => array(value).concat(...others)
  }),
  enumerated: onValue([], () => (value) => array(value).map((item, index) => ({ index, value: item }))),
  filter: onValue([param('test', 'query')], (args) => filter(stepArg(args, 0))),
  find: onValue(
    [param('value', 'any')],
    (args) => (value) => array(value).findIndex((item) => equal(valueArg(args, 0), item)),
  ),
  find_all: onValue(
    [param('value', 'any')],
    (args) => (value) => indexes(array(value), (item) => equal(valueArg(args, 0), item)),
  ),
  find_by: onValue(
    [param('query', 'query')],
    (args) => (value, frame) => array(value).findIndex((item) => stepArg(args, 0).run(frame.with(item)) === true),
  ),
  find_all_by: onValue(
    [param('query', 'query')],
    (args) => (value, frame) => indexes(array(value), (item) => stepArg(args, 0).run(frame.with(item)) === true),
  ),
  flatten: onValue([], () => (value) => array(value).flatMap((item) => (Array.isArray(item) ? item : [item]))),
  fold: onValue([param('initial', 'any'), param('query', 'query')], (args) => (value, frame) => {
    let tally = valueArg(args, 0)
    for (const item of array(value)) {
      tally = stepArg(args, 1).run(frame.with({ tally, value: item }))
    }
    return tally
  }),
  index: onValue([param('index', 'integer')], (args) => elementAt(sizeArg(args, 0))),
  join: onValue([optional('delimiter', 'string')], (args) => (value) => {
    const parts = array(value).map((item, i) => {
      const text = typeof item === 'string' || item instanceof Uint8Array ? stringOf(item) : undefined
      if (text === undefined) throw prefixed(`failed to join element ${i}`, wrongType(item, 'string'))
      return text
    })
    return parts.join(optionalText(args, 0) ?? '')
  }),
  map_each: onValue([param('query', 'query')], (args) => mapEach(stepArg(args, 0))),
  map_each_key: onValue([param('query', 'query')], (args) => mapEachKey(stepArg(args, 0))),
  unique: onValue([optional('emit', 'query')], (args) => unique(args[0] === undefined ? undefined : stepArg(args, 0))),
  zip: onValue('variadic', (args) => {
    if (args.length === 0) {
      return () => {
        throw new SourcedError('zip requires at least one argument')
      }
    }
    return zip(valueArgs(args).map(array))
  }),
}

function array(value: Value): Value[] {
  if (!Array.isArray(value)) throw wrongType(value, 'array')
  return value
}

function indexes(items: readonly Value[], test: (item: Value) => boolean): Value[] {
  return items.flatMap((item, i) => (test(item) ? [i] : []))
}

function testElement(test: Step, item: Value, index: number, frame: Frame): boolean {
  try {
    const result = test.run(frame.with(item))
    if (typeof result !== 'boolean') throw wrongType(result, 'bool')
    return result
  } catch (error) {
    throw prefixed(`element ${index}`, error)
  }
}

function filter(test: Step) {
  return (value: Value, frame: Frame): Value => {
    if (Array.isArray(value)) return value.filter((item) => test.run(frame.with(item)) === true)
    if (!isObject(value)) throw wrongType(value, 'array', 'object')
    return objectFrom(
      Object.entries(value).filter(([key, item]) => test.run(frame.with({ key, value: item })) === true),
    )
  }
}

function elementAt(index: number) {
  return (value: Value): Value => {
    const items = Array.isArray(value) ? value : typeof value === 'string' ? utf8(value) : value
    if (!Array.isArray(items) && !(items instanceof Uint8Array)) throw wrongType(value, 'array')
    const at = index < 0 ? items.length + index : index
    const item = items[at]
    if (item === undefined) throw new MappingError(`index '${at}' was out of bounds for array size: ${items.length}`)
    return item
  }
}

function mapEach(query: Step) {
  return (value: Value, frame: Frame): Value => {
    if (Array.isArray(value)) return mapArray(value, query, frame)
    if (!isObject(value)) throw wrongType(value, 'array')
    const mapped: ObjectValue = {}
    for (const key of sortedKeys(value)) {
      const item = value[key] ?? null
      let result: Value
      try {
        result = query.run(frame.with({ key, value: item }))
      } catch (error) {
        throw prefixed(`failed to process element ${key}`, error)
      }
      if (result !== DELETED) putField(mapped, key, result === NOTHING ? item : result)
    }
    return mapped
  }
}

function mapArray(items: readonly Value[], query: Step, frame: Frame): Value[] {
  const mapped: Value[] = []
  for (let i = 0; i < items.length; i++) {
    const item = items[i] ?? null
    let result: Value
    try {
      result = query.run(frame.with(item))
    } catch (error) {
      throw prefixed(`failed to process element ${i}`, error)
    }
    if (result !== DELETED) mapped.push(result === NOTHING ? item : result)
  }
  return mapped
}

function mapEachKey(query: Step) {
  return (value: Value, frame: Frame): Value => {
    if (!isObject(value)) throw wrongType(value, 'object')
    const mapped: ObjectValue = {}
    for (const key of sortedKeys(value)) {
      const result = query.run(frame.with(key))
      if (result === DELETED) continue
      if (result !== NOTHING && typeof result !== 'string') {
        throw prefixed('unexpected result from key mapping', wrongType(result, 'string'))
      }
      putField(mapped, result === NOTHING ? key : result, value[key] ?? null)
    }
    return mapped
  }
}

function unique(emit: Step | undefined) {
  return (value: Value, frame: Frame): Value => {
    const seen = new Set<string | number>()
    return array(value).filter((item, i) => {
      const key = emit === undefined ? item : emit.run(frame.with(item))
      const simple = plain(key)
      const known = numberOf(simple) ?? (simple instanceof Uint8Array ? textOf(simple) : simple)
      if (typeof known !== 'number' && typeof known !== 'string') {
        throw prefixed(`index ${i}`, wrongType(key, 'string', 'number'))
      }
      if (seen.has(known)) return false
      seen.add(known)
      return true
    })
  }
}

function zip(others: readonly Value[][]) {
  return (value: Value): Value => {
    const lists = [array(value), ...others]
    const size = lists[0]?.length ?? 0
    if (lists.some((list) => list.length !== size)) throw new MappingError("can't zip different length array values")
    return Array.from({ length: size }, (_, i) => lists.map((list) => list[i] ?? null))
  }
}
