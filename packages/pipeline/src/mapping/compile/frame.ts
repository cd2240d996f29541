// Where a running query stands: the message, the document being built, variables, and the values `this` and the names
// of lambdas refer to.
import type { Message } from '../message.ts'
import { documentOf } from '../message.ts'
import { MappingError, NoDocumentError } from '../value/errors.ts'
import type { Owned } from '../value/path.ts'
import type { ObjectValue, Value } from '../value/types.ts'

/** The outside world of a mapping: nothing in it is read any other way. */
export interface MappingPorts {
  /** Milliseconds since the epoch; fractions are kept down to nanoseconds. */
  now(): number
  /** At least 0, below 1. */
  random(): number
  uuid(): string
  env(name: string): string | undefined
}

export interface Run {
  readonly message: Message
  readonly ports: MappingPorts
  readonly maps: ReadonlyMap<string, CompiledMap>
  /** The metadata the message leaves with, copied on the first change. */
  metadata: ObjectValue
  metadataOwned: boolean
}

/** What the statements of one mapping, or of one application of a named map, work on. */
export interface Scope {
  root: Value
  readonly owned: Owned
  readonly variables: Map<string, Value>
  /** How many named maps are being applied. */
  readonly depth: number
}

interface Names {
  readonly name: string
  readonly value: Value
  readonly rest: Names | undefined
}

/** Marks the frame whose `this` is the message itself, read as a document only when needed. */
const MESSAGE = Symbol('message')

export class Frame {
  readonly run: Run
  readonly scope: Scope
  private readonly value: Value | typeof MESSAGE | undefined
  private readonly outer: Frame | undefined
  private readonly names: Names | undefined

  private constructor(
    run: Run,
    scope: Scope,
    value: Value | typeof MESSAGE | undefined,
    outer: Frame | undefined,
    names: Names | undefined,
  ) {
    this.run = run
    this.scope = scope
    this.value = value
    this.outer = outer
    this.names = names
  }

  static ofMessage(run: Run, scope: Scope): Frame {
    return new Frame(run, scope, MESSAGE, undefined, undefined)
  }

  /** The same place with another `this`. */
  with(value: Value): Frame {
    return new Frame(this.run, this.scope, value, this, this.names)
  }

  /** The same place with another document being built: the inside of a named map. */
  inScope(scope: Scope): Frame {
    return new Frame(this.run, scope, this.value, this.outer, this.names)
  }

  /** The value of `this`; `field` only makes the error better. */
  current(field = ''): Value {
    if (this.value === MESSAGE) return this.document(field)
    if (this.value === undefined) throw new NoDocumentError(field, '')
    return this.value
  }

  private document(field: string): Value {
    try {
      return documentOf(this.run.message)
    } catch (error) {
      if (!(error instanceof MappingError)) throw error
      throw new NoDocumentError(field, error.message)
    }
  }

  /** Takes `this` off and gives it a name (`_` gives it none): what a lambda does. */
  capture(name: string): Frame {
    const value = this.current()
    const names: Names | undefined = name === '_' ? this.names : { name, value, rest: this.names }
    const outer = this.outer
    return new Frame(this.run, this.scope, outer?.value, outer?.outer, names)
  }

  named(name: string): Value {
    for (let at = this.names; at !== undefined; at = at.rest) if (at.name === name) return at.value
    throw new MappingError(`named context ${name} was not found`)
  }
}

/** What a statement does when it is its turn. */
export type Action = (frame: Frame) => void

export interface CompiledStatement {
  readonly act: Action
  readonly line: number
}

export interface CompiledMap {
  readonly name: string
  readonly statements: readonly CompiledStatement[]
}
