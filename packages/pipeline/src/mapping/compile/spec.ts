// How functions and methods are described to the compiler.
import type { Value } from '../value/types.ts'
import type { Frame } from './frame.ts'
import type { Args, Params } from './params.ts'
import type { Step } from './step.ts'

/**
 * A method on a value. `make` sees the checked arguments (and may refuse them: while compiling when they are literals)
 * and gives what is done with each value. Errors are told to come from the query the value came from.
 */
export interface ValueMethod {
  readonly kind: 'value'
  readonly params: Params
  readonly make: (args: Args) => (value: Value, frame: Frame) => Value
}

/** A method that decides itself when, and whether, its target runs. */
export interface QueryMethod {
  readonly kind: 'query'
  readonly params: Params
  readonly make: (target: Step, args: Args) => Step['run']
  /** How errors name the result; "method NAME" without it. */
  readonly label?: (target: Step, args: Args) => string
}

/** Like a value method, but its errors do not name where the value came from. */
export interface BareMethod {
  readonly kind: 'bare'
  readonly params: Params
  /** On a literal with literal arguments it is worked out while compiling, so that its errors come then. */
  readonly folds: boolean
  readonly make: (args: Args) => (value: Value) => Value
}

export type MethodSpec = ValueMethod | BareMethod | QueryMethod

export interface FunctionSpec {
  readonly params: Params
  readonly make: (args: Args) => Step['run']
  /** A function whose result is known while compiling, such as `deleted()`. */
  readonly constant?: { readonly value: Value; readonly label: string }
  readonly label?: (args: Args) => string
}

export function onValue(params: Params, make: ValueMethod['make']): ValueMethod {
  return { kind: 'value', params, make }
}

export function bare(params: Params, make: BareMethod['make']): BareMethod {
  return { kind: 'bare', params, make, folds: false }
}

export function folding(params: Params, make: BareMethod['make']): BareMethod {
  return { kind: 'bare', params, make, folds: true }
}

export function onQuery(params: Params, make: QueryMethod['make'], label?: QueryMethod['label']): QueryMethod {
  return label === undefined ? { kind: 'query', params, make } : { kind: 'query', params, make, label }
}
