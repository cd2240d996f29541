// The shape of a parsed mapping. Every node knows where it began, and calls also where they ended: refusals point there.
import type { Value } from '../value/types.ts'

export type Operator = '+' | '-' | '*' | '/' | '%' | '|' | '==' | '!=' | '>' | '<' | '>=' | '<=' | '&&' | '||'

export interface Argument {
  readonly name: string | undefined
  readonly query: Query
}

export interface Operand {
  readonly query: Query
  /** A minus stood before it. */
  readonly negated: boolean
}

export type Query = { readonly at: number } & (
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'array'; readonly items: readonly Query[] }
  | { readonly kind: 'object'; readonly entries: readonly { readonly key: Query; readonly value: Query }[] }
  /** `this`, `root`, the name of a context, or a field of `this`. */
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'metadata'; readonly name: string | undefined }
  | { readonly kind: 'field'; readonly target: Query; readonly name: string }
  /** `target.(body)` */
  | { readonly kind: 'inside'; readonly target: Query; readonly body: Query }
  | {
      readonly kind: 'method'
      readonly target: Query
      readonly name: string
      readonly args: readonly Argument[]
      readonly end: number
    }
  | { readonly kind: 'function'; readonly name: string; readonly args: readonly Argument[]; readonly end: number }
  | { readonly kind: 'lambda'; readonly name: string; readonly body: Query }
  | { readonly kind: 'not'; readonly body: Query }
  | { readonly kind: 'arithmetic'; readonly operands: readonly Operand[]; readonly operators: readonly Operator[] }
  | {
      readonly kind: 'if'
      readonly branches: readonly { readonly condition: Query; readonly body: Query }[]
      readonly otherwise: Query | undefined
    }
  | {
      readonly kind: 'match'
      readonly subject: Query | undefined
      /** A case without a test is `_`. */
      readonly cases: readonly { readonly test: Query | undefined; readonly body: Query }[]
    }
)

export type Statement = { readonly at: number } & (
  | { readonly kind: 'assign'; readonly path: readonly string[]; readonly query: Query }
  | { readonly kind: 'let'; readonly name: string; readonly query: Query }
  /** Without a name all metadata is replaced. */
  | { readonly kind: 'meta'; readonly name: string | undefined; readonly query: Query }
  | {
      readonly kind: 'if'
      readonly branches: readonly { readonly condition: Query | undefined; readonly body: readonly Statement[] }[]
    }
)

export interface NamedMap {
  readonly name: string
  readonly at: number
  readonly statements: readonly Statement[]
}

export interface MappingTree {
  readonly text: string
  readonly maps: readonly NamedMap[]
  readonly statements: readonly Statement[]
}
