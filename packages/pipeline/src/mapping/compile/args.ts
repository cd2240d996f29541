// Reading checked arguments by position. The parameter list has already made sure of the types, so a mismatch here is a
// mistake of the method's author.
import { needNumber } from '../value/number.ts'
import type { Timestamp } from '../value/types.ts'
import type { Integer, Value } from '../value/types.ts'
import type { Args } from './params.ts'
import type { Step } from './step.ts'

export function textArg(args: Args, i: number): string {
  const value = args[i]
  if (typeof value !== 'string') throw new TypeError(`argument ${i} is no string`)
  return value
}

export function optionalText(args: Args, i: number): string | undefined {
  return args[i] === undefined || args[i] === null ? undefined : textArg(args, i)
}

export function integerArg(args: Args, i: number): Integer {
  const value = args[i]
  if (typeof value !== 'number' && typeof value !== 'bigint') throw new TypeError(`argument ${i} is no integer`)
  return value
}

/** An integer used as a size or a place; beyond 2^53 it only has to stay large. */
export function sizeArg(args: Args, i: number): number {
  return Number(integerArg(args, i))
}

export function optionalSize(args: Args, i: number): number | undefined {
  return args[i] === undefined || args[i] === null ? undefined : sizeArg(args, i)
}

export function floatArg(args: Args, i: number): number {
  return needNumber(valueArg(args, i))
}

export function flagArg(args: Args, i: number): boolean {
  return args[i] === true
}

export function listArg(args: Args, i: number): readonly Value[] {
  const value = args[i]
  if (!Array.isArray(value)) throw new TypeError(`argument ${i} is no array`)
  return value
}

export function timeArg(args: Args, i: number): Timestamp {
  return args[i] as Timestamp
}

export function valueArg(args: Args, i: number): Value {
  const value = args[i]
  return value === undefined || isStep(value) ? null : value
}

export function valueArgs(args: Args): Value[] {
  return args.map((_, i) => valueArg(args, i))
}

export function stepArg(args: Args, i: number): Step {
  const value = args[i]
  if (!isStep(value)) throw new TypeError(`argument ${i} is no query`)
  return value
}

function isStep(value: Args[number]): value is Step {
  return typeof value === 'object' && value !== null && 'run' in value && typeof value.run === 'function'
}
