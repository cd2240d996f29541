// What a function or method takes, and matching the arguments of a call with it.
import { MappingError } from '../value/errors.ts'
import { needBoolean, needInteger, needNumber } from '../value/number.ts'
import { stringOf } from '../value/text.ts'
import { Float, isObject, typeOf, type Value } from '../value/types.ts'
import { timestampOf } from '../time/timestamp.ts'
import type { Frame } from './frame.ts'
import type { Step } from './step.ts'

export type ParamType = 'string' | 'integer' | 'float' | 'bool' | 'array' | 'object' | 'timestamp' | 'any' | 'query'

export interface Param {
  readonly name: string
  readonly type: ParamType
  /** May be left out; then it is absent, unless there is a default. */
  readonly optional?: boolean
  readonly default?: Value
  /** Must be known while compiling. */
  readonly fixed?: boolean
}

/** Either named parameters, or any number of values. */
export type Params = readonly Param[] | 'variadic'

/** Checked values: queries stay steps, what was left out is absent. */
export type Args = readonly (Value | Step | undefined)[]

export interface Call {
  /** Known while compiling, or made anew for every run when a value is only known then. */
  readonly fixed: Args | undefined
  resolve(frame: Frame): Args
}

export function param(name: string, type: ParamType): Param {
  return { name, type }
}
export function optional(name: string, type: ParamType, value?: Value): Param {
  return value === undefined ? { name, type, optional: true } : { name, type, default: value }
}

/** A parameter with a default whose value must be a literal. */
export function fixed(name: string, value: Value): Param {
  return { name, type: 'integer', default: value, fixed: true }
}

interface Given {
  readonly name: string | undefined
  readonly step: Step
}

/** @throws MappingError when the arguments do not fit */
export function bind(params: Params, given: readonly Given[]): Call {
  const named = given.filter((arg) => arg.name !== undefined)
  if (named.length > 0 && named.length < given.length) {
    throw new MappingError('cannot mix named and nameless arguments')
  }
  if (params === 'variadic') {
    if (named.length > 0) throw new MappingError('named arguments are not supported')
    return callOf(given.map((arg, i) => ({ step: arg.step, type: 'any', name: String(i) })))
  }
  for (const [i, p] of params.entries()) {
    const step = named.length > 0 ? given.find((arg) => arg.name === p.name)?.step : given[i]?.step
    if (p.fixed === true && step !== undefined && step.constant === undefined) {
      throw new MappingError(`param ${p.name} must not be dynamic`)
    }
  }
  return callOf(named.length > 0 ? matchNamed(params, named) : matchPositional(params, given))
}

interface Slot {
  readonly name: string
  readonly type: ParamType
  /** Absent for a parameter that was left out. */
  readonly step?: Step | undefined
  readonly value?: Value | undefined
}

function matchPositional(params: readonly Param[], given: readonly Given[]): Slot[] {
  if (given.length > params.length) {
    throw new MappingError(`wrong number of arguments, expected ${params.length}, got ${given.length}`)
  }
  refuseMissing(params.slice(given.length).filter(isRequired))
  return params.map((p, i) => ({ name: p.name, type: p.type, step: given[i]?.step, value: p.default }))
}

function matchNamed(params: readonly Param[], given: readonly Given[]): Slot[] {
  const steps = new Map<string, Step>()
  for (const { name = '', step } of given) {
    if (steps.has(name)) throw new MappingError(`duplicate named arg: ${name}`)
    steps.set(name, step)
  }
  const missing = params.filter((p) => isRequired(p) && !steps.has(p.name))
  const unknown = [...steps.keys()].filter((name) => !params.some((p) => p.name === name))
  if (unknown.length > 0) {
    const hint = missing.length === 0 ? '' : `, did you mean ${missing.map((p) => p.name).join(', ')}?`
    throw new MappingError(`unknown parameter${unknown.length > 1 ? 's' : ''} ${unknown.join(', ')}${hint}`)
  }
  refuseMissing(missing)
  return params.map((p) => ({ name: p.name, type: p.type, step: steps.get(p.name), value: p.default }))
}

function isRequired(p: Param): boolean {
  return p.optional !== true && p.default === undefined
}

function refuseMissing(missing: readonly Param[]): void {
  if (missing.length === 0) return
  const names = missing.map((p) => p.name).join(', ')
  throw new MappingError(`missing parameter${missing.length > 1 ? 's' : ''}: ${names}`)
}

function callOf(slots: readonly Slot[]): Call {
  const known = slots.map((slot) => {
    if (slot.step === undefined) return slot.value
    if (slot.type === 'query') return slot.step
    if (slot.step.constant === undefined) return slot.step
    try {
      return checked(slot.type, slot.step.constant.value)
    } catch (error) {
      throw new MappingError(`field ${slot.name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  })
  const dynamic = slots.some((slot) => isDynamic(slot))
  if (!dynamic) return { fixed: known, resolve: () => known }
  return { fixed: undefined, resolve: (frame) => known.map((value, i) => resolved(value, slots[i], frame)) }
}

function isDynamic(slot: Slot): boolean {
  return slot.step !== undefined && slot.type !== 'query' && slot.step.constant === undefined
}

function resolved(value: Value | Step | undefined, slot: Slot | undefined, frame: Frame): Value | Step | undefined {
  if (slot?.step === undefined || !isDynamic(slot)) return value
  try {
    return checked(slot.type, slot.step.run(frame))
  } catch (error) {
    if (!(error instanceof MappingError)) throw error
    throw new MappingError(`failed to extract input arg '${slot.name}': ${error.message}`)
  }
}

function checked(type: ParamType, value: Value): Value {
  switch (type) {
    case 'integer':
      return needInteger(value)
    case 'float':
      return new Float(needNumber(value))
    case 'bool':
      return needBoolean(value)
    case 'timestamp':
      return timestampOf(value)
    case 'string':
      if (typeof value === 'string' || value instanceof Uint8Array) return stringOf(value) ?? ''
      break
    case 'array':
      if (Array.isArray(value)) return value
      break
    case 'object':
      if (isObject(value)) return value
      break
    case 'any':
    case 'query':
      return value
  }
  throw new MappingError(`wrong argument type, expected ${type}, got ${typeOf(value)}`)
}
