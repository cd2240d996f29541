// A compiled mapping, and running it on a message.
import { MappingSyntaxError } from '../lex/source.ts'
import type { Message } from '../message.ts'
import { parseMapping } from '../parse/mapping.ts'
import { MapError, MappingError, NoDocumentError } from '../value/errors.ts'
import { DELETED, NOTHING, type Value } from '../value/types.ts'
import { Frame, type CompiledMap, type CompiledStatement, type MappingPorts, type Run, type Scope } from './frame.ts'
import { compileStatements } from './statement.ts'

/** A mapping that is ready to run; it keeps no state between messages. */
export interface Mapping {
  readonly source: string
  readonly statements: readonly CompiledStatement[]
  readonly maps: ReadonlyMap<string, CompiledMap>
}

export type CompileResult =
  | { readonly ok: true; readonly mapping: Mapping }
  | { readonly ok: false; readonly error: MappingSyntaxError }

/** What a mapping made of a message. A failed message goes on as it came in. */
export type MappingOutcome =
  | { readonly kind: 'mapped'; readonly message: Message; readonly changed: boolean }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'failed'; readonly error: string }

/** Compiles the text of a mapping; a refusal says where and why, and whether the engine merely lacks something. */
export function compileMapping(source: string): CompileResult {
  try {
    const tree = parseMapping(source)
    const maps = new Map<string, CompiledMap>()
    for (const map of tree.maps) {
      const statements = compileStatements(map.statements, { text: source, contexts: new Set() })
      maps.set(map.name, { name: map.name, statements })
    }
    const statements = compileStatements(tree.statements, { text: source, contexts: new Set() })
    return { ok: true, mapping: { source, statements, maps } }
  } catch (error) {
    if (error instanceof MappingSyntaxError) return { ok: false, error }
    // A chain of very many calls is flat to the reader and deep to the compiler.
    if (!isStackOverflow(error)) throw error
    return { ok: false, error: new MappingSyntaxError('too many links in one chain', { line: 1, column: 1 }) }
  }
}

export function executeMapping(mapping: Mapping, message: Message, ports: MappingPorts): MappingOutcome {
  const run: Run = { message, ports, maps: mapping.maps, metadata: message.metadata, metadataOwned: false }
  const scope: Scope = { root: NOTHING, owned: new Set(), variables: new Map(), depth: 0 }
  const frame = Frame.ofMessage(run, scope)
  for (const { act, line } of mapping.statements) {
    try {
      act(frame)
    } catch (error) {
      return { kind: 'failed', error: sentence(error, line) }
    }
  }
  if (scope.root === DELETED) return { kind: 'deleted' }
  return { kind: 'mapped', message: mapped(message, run, scope.root), changed: scope.root !== NOTHING }
}

const isStackOverflow = (error: unknown): boolean => error instanceof RangeError && error.message.includes('call stack')

function sentence(error: unknown, line: number): string {
  if (error instanceof NoDocumentError && error.reason !== '') {
    const what = error.field === '' ? 'this' : `this.${error.field}`
    return `unable to reference message as structured (with '${what}'): parse as json: ${error.reason}`
  }
  if (isStackOverflow(error)) {
    return `failed assignment (line ${line}): nested too deeply`
  }
  if (error instanceof MappingError) {
    return error instanceof MapError && error.message.startsWith('failed assignment')
      ? error.message
      : `failed assignment (line ${line}): ${error.message}`
  }
  // Whatever else goes wrong (a string beyond the runtime's limit, say) fails this message and not the pipeline.
  return `failed assignment (line ${line}): ${error instanceof Error ? error.message : String(error)}`
}

function mapped(message: Message, run: Run, root: Value): Message {
  const { metadata } = run
  if (root === NOTHING) return metadata === message.metadata ? message : { ...message, metadata }
  const isRaw = typeof root === 'string' || root instanceof Uint8Array
  return {
    raw: isRaw ? root : undefined,
    document: isRaw ? undefined : { value: root },
    notDocument: undefined,
    metadata,
    error: message.error,
  }
}
