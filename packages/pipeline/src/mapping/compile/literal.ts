// Array and object literals. Elements that are deleted or nothing leave no trace; all-literal ones are made once.
import { MappingError, prefixed } from '../value/errors.ts'
import { textOf } from '../value/text.ts'
import { DELETED, EMPTY_LITERAL, NOTHING, putField, typeOf, type ObjectValue, type Value } from '../value/types.ts'
import type { Frame } from './frame.ts'
import { constantStep, type Step } from './step.ts'

export function arrayStep(items: readonly Step[]): Step {
  const collect = (read: (step: Step) => Value): Value[] => items.map(read).filter(isSomething)
  if (items.every((item) => item.constant !== undefined)) {
    const known = collect((item) => item.constant?.value ?? null)
    return constantStep(known.length === 0 ? EMPTY_LITERAL : known, 'array literal')
  }
  return { run: (frame) => collect((item) => item.run(frame)), label: 'array literal' }
}

/** @throws MappingError when a literal key is no string */
export function objectStep(entries: readonly (readonly [key: Step, value: Step])[]): Step {
  for (const [key] of entries) {
    if (key.constant !== undefined && typeof key.constant.value !== 'string') {
      throw new MappingError(`object keys must be strings, received: ${goType(key.constant.value)}`)
    }
  }
  if (entries.every(([key, value]) => key.constant !== undefined && value.constant !== undefined)) {
    const object: ObjectValue = {}
    for (const [key, value] of entries) {
      const name = key.constant?.value
      const known = value.constant?.value ?? null
      if (typeof name === 'string' && isSomething(known)) putField(object, name, known)
    }
    return constantStep(object, 'object literal')
  }
  return { run: (frame) => build(entries, frame), label: 'object literal' }
}

function build(entries: readonly (readonly [key: Step, value: Step])[], frame: Frame): ObjectValue {
  const object: ObjectValue = {}
  for (const [keyStep, valueStep] of entries) {
    const key = readKey(keyStep, frame)
    const value = attempt(`failed to resolve '${key}' value`, () => valueStep.run(frame))
    if (isSomething(value)) putField(object, key, value)
  }
  return object
}

function readKey(step: Step, frame: Frame): string {
  const key = attempt('failed to resolve key', () => step.run(frame))
  if (typeof key === 'string') return key
  if (key instanceof Uint8Array) return textOf(key)
  throw new MappingError(`mapping returned invalid key type: ${goType(key)}`)
}

function attempt(prefix: string, run: () => Value): Value {
  try {
    return run()
  } catch (error) {
    throw prefixed(prefix, error)
  }
}

function isSomething(value: Value): boolean {
  return value !== DELETED && value !== NOTHING
}

function goType(value: Value): string {
  if (value === null) return '<nil>'
  return typeof value === 'number' || typeof value === 'bigint' ? 'int64' : typeOf(value)
}
