// A compiled query: something that runs, and what errors call it.
import type { Value } from '../value/types.ts'
import type { Frame } from './frame.ts'

export interface Step {
  readonly run: (frame: Frame) => Value
  /** How errors name the query, such as "field `this.a`" or "method length". */
  readonly label: string
  /** Set when the query is a literal: its value is known without running it. */
  readonly constant?: { readonly value: Value }
  /** Set when the query reads a path: a further segment extends it. */
  readonly extend?: (segments: readonly string[]) => Step
  /** Set for a lambda: the name it gives to `this`. */
  readonly lambda?: string
}

export function constantStep(value: Value, label: string): Step {
  return { run: () => value, label, constant: { value } }
}
