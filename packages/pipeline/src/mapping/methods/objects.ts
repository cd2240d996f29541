// Methods on objects.
import { flagArg, textArg, valueArg, valueArgs } from '../compile/args.ts'
import { optional, param } from '../compile/params.ts'
import { onValue, type MethodSpec } from '../compile/spec.ts'
import { MappingError, wrongType } from '../value/errors.ts'
import { search, setPath, splitPath } from '../value/path.ts'
import {
  fieldOf,
  isObject,
  objectFrom,
  putField,
  sortedKeys,
  typeOf,
  type ObjectValue,
  type Value,
} from '../value/types.ts'

export const OBJECTS: Record<string, MethodSpec> = {
  assign: onValue([param('with', 'any')], (args) => (value) => combine(value, valueArg(args, 0), overwrite)),
  collapse: onValue([optional('include_empty', 'bool', false)], (args) => (value) => collapse(value, flagArg(args, 0))),
  explode: onValue([param('path', 'string')], (args) => explode(textArg(args, 0))),
  keys: onValue([], () => (value) => sortedKeys(object(value))),
  key_values: onValue([], () => (value) => {
    const from = object(value)
    return sortedKeys(from).map((key) => ({ key, value: from[key] ?? null }))
  }),
  merge: onValue([param('with', 'any')], (args) => (value) => combine(value, valueArg(args, 0), collide)),
  squash: onValue([], () => (value) => {
    if (!Array.isArray(value)) throw wrongType(value, 'array')
    return value.reduce<Value>((all, item) => combine(all, item, collide), {})
  }),
  values: onValue([], () => (value) => {
    const from = object(value)
    return sortedKeys(from).map((key) => from[key] ?? null)
  }),
  with: onValue('variadic', (args) => {
    const paths = targets(valueArgs(args))
    return (value) => keep(object(value), paths)
  }),
  without: onValue('variadic', (args) => {
    const paths = targets(valueArgs(args))
    return (value) => drop(object(value), paths)
  }),
}

function object(value: Value): ObjectValue {
  if (!isObject(value)) throw wrongType(value, 'object')
  return value
}

function targets(args: readonly Value[]): string[][] {
  return args.map((arg) => {
    if (typeof arg !== 'string') throw wrongType(arg, 'string')
    return splitPath(arg)
  })
}

type Join = (mine: Value, theirs: Value) => Value

/** Fields of both; objects inside are joined, anything else that stands in both goes to `join`. */
function combine(target: Value, source: Value, join: Join): Value {
  if (Array.isArray(target)) return target.concat(listed(source))
  if (!isObject(target)) throw wrongType(target, 'object', 'array')
  // What is no object has no fields to add.
  if (!isObject(source)) return target
  return combineObjects(target, source, join)
}

function combineObjects(target: ObjectValue, source: ObjectValue, join: Join): ObjectValue {
  const result: ObjectValue = { ...target }
  for (const [key, theirs] of Object.entries(source)) {
    const mine = fieldOf(result, key)
    if (mine === undefined) putField(result, key, theirs)
    else if (isObject(mine) && isObject(theirs)) putField(result, key, combineObjects(mine, theirs, join))
    else putField(result, key, join(mine, theirs))
  }
  return result
}

function overwrite(_: Value, theirs: Value): Value {
  return theirs
}

function collide(mine: Value, theirs: Value): Value {
  return listed(mine).concat(listed(theirs))
}

function listed(value: Value): Value[] {
  return Array.isArray(value) ? value : [value]
}

function collapse(value: Value, includeEmpty: boolean): Value {
  const flat: ObjectValue = {}
  const walk = (item: Value, path: string): void => {
    const inner: [string, Value][] | undefined = Array.isArray(item)
      ? item.map((element, i) => [String(i), element])
      : isObject(item)
        ? Object.entries(item).map(([key, field]) => [key.replaceAll('~', '~0').replaceAll('.', '~1'), field])
        : undefined
    if (inner === undefined) putField(flat, path, item)
    else if (inner.length === 0) {
      if (includeEmpty) putField(flat, path, Array.isArray(item) ? [] : {})
    } else for (const [key, field] of inner) walk(field, path === '' ? key : `${path}.${key}`)
  }
  if (!Array.isArray(value) && !isObject(value)) throw new MappingError('not an object or array')
  walk(value, '')
  return flat
}

function explode(pathText: string) {
  const path = splitPath(pathText)
  return (value: Value): Value => {
    const whole = object(value)
    const rest = drop(whole, [path])
    const target = search(whole, path) ?? null
    const one = (item: Value): Value => setPath(rest, path, item, new Set())
    if (Array.isArray(target)) return target.map(one)
    if (isObject(target)) return objectFrom(Object.entries(target).map(([key, item]) => [key, one(item)]))
    throw new MappingError(`expected array or object value at path '${pathText}', found: ${typeOf(target)}`)
  }
}

function keep(from: ObjectValue, paths: readonly (readonly string[])[]): ObjectValue {
  const result: ObjectValue = {}
  for (const [key, field] of Object.entries(from)) {
    const matching = paths.filter((path) => path[0] === key)
    if (matching.length === 0) continue
    if (matching.some((path) => path.length === 1)) putField(result, key, field)
    else {
      const inner = descend(
        field,
        matching.map((path) => path.slice(1)),
        keep,
      )
      if (inner !== undefined) putField(result, key, inner)
    }
  }
  return result
}

function drop(from: ObjectValue, paths: readonly (readonly string[])[]): ObjectValue {
  const result: ObjectValue = {}
  for (const [key, field] of Object.entries(from)) {
    const matching = paths.filter((path) => path[0] === key)
    if (matching.some((path) => path.length === 1)) continue
    const rest = matching.map((path) => path.slice(1))
    const inner = matching.length === 0 ? undefined : descend(field, rest, drop)
    putField(result, key, inner === undefined ? field : inner)
  }
  return result
}

type Walk = (from: ObjectValue, paths: readonly (readonly string[])[]) => ObjectValue

function descend(field: Value, paths: readonly (readonly string[])[], walk: Walk): Value | undefined {
  if (isObject(field)) return walk(field, paths)
  if (Array.isArray(field)) return field.map((item) => (isObject(item) ? walk(item, paths) : item))
  return undefined
}
