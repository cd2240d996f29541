/**
 * Reads one YAML 1.2 document with the core schema, and no more of YAML than a job spec needs: no other tags, no merge
 * keys, few aliases. Every value keeps its place in the text.
 */
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type Node,
  type Pair,
} from 'yaml'
import { isUnsafeNumber, malformed, unsafeNumberFault, type TextFault } from './fault.ts'
import { MAX_FAULTS, MAX_TEXT_DEPTH } from './limits.ts'
import { placeAt, type Path, type SourcePlace, type YamlSource } from './place.ts'
import type { ReadText } from './read-text.ts'
import { tooDeepAt } from './yaml-depth.ts'

const CORE_TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((tag) => `tag:yaml.org,2002:${tag}`),
)

/** How often all aliases together may repeat a node. */
const MAX_ALIASES = 100

const what = 'The YAML'

export const parseYamlStrict = (text: string): ReadText => {
  const lines = new LineCounter()
  const placeOf = (offset: number): SourcePlace => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  // Depth first: the composer is recursive, and so is nearly everything that walks what it made.
  const deepAt = tooDeepAt(text, MAX_TEXT_DEPTH)
  if (deepAt !== undefined) {
    const deep = fault('too_deep', [], placeAt(text, deepAt), `more than ${MAX_TEXT_DEPTH} levels`)
    return { ok: false, error: malformed([deep], what) }
  }
  const documents = parseAllDocuments(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: true,
    strict: true,
    prettyErrors: false,
    lineCounter: lines,
    logLevel: 'silent',
  })
  const [document, second] = 'empty' in documents ? [] : documents
  if (document === undefined) return { ok: true, value: null, source: nowhere }
  const faults = [
    ...syntaxFaults(document, placeOf),
    ...(second === undefined
      ? []
      : [fault('syntax', [], placeOf(second.range[0]), 'a second document', 'Send one document.')]),
  ]
  if (faults.length === 0) faults.push(...contentFaults(document, placeOf))
  if (faults.length > 0) return { ok: false, error: malformed(faults.slice(0, MAX_FAULTS), what) }
  try {
    return { ok: true, value: document.toJS({ maxAliasCount: MAX_ALIASES }), source: sourceOf(document, text, placeOf) }
  } catch {
    const message = 'aliases that repeat too much'
    return { ok: false, error: malformed([fault('alias', [], { line: 1, column: 1 }, message)], what) }
  }
}

const fault = (code: TextFault['code'], path: Path, place: SourcePlace, message: string, hint?: string): TextFault => ({
  code,
  path,
  ...place,
  message,
  ...(hint === undefined ? {} : { hint }),
})

const syntaxFaults = (document: Document.Parsed, placeOf: (offset: number) => SourcePlace): readonly TextFault[] =>
  [...document.errors, ...document.warnings].slice(0, MAX_FAULTS).map((error) => {
    const code =
      error.code === 'DUPLICATE_KEY' ? 'duplicate_key' : error.code === 'TAG_RESOLVE_FAILED' ? 'unknown_tag' : 'syntax'
    const message = code === 'duplicate_key' ? 'the same key for the second time' : error.message
    return fault(code, [], placeOf(error.pos[0]), message)
  })

/** What YAML allows and a spec must not hold. */
const contentFaults = (document: Document.Parsed, placeOf: (offset: number) => SourcePlace): readonly TextFault[] => {
  const faults: TextFault[] = []
  const at = (node: { readonly range?: readonly number[] | null | undefined }): SourcePlace =>
    placeOf(node.range?.[0] ?? 0)
  const checkTag = (node: Node, ancestors: readonly unknown[]): void => {
    const { tag } = node as { readonly tag?: string }
    if (tag !== undefined && !CORE_TAGS.has(tag))
      faults.push(fault('unknown_tag', pathOf([...ancestors, node]), at(node), `the tag ${tag}`, 'Leave it out.'))
  }
  visit(document, {
    Pair: (_key, pair: Pair, ancestors) => {
      const { key } = pair
      if (!isScalar(key)) {
        const place = isNode(key) ? at(key) : { line: 1, column: 1 }
        faults.push(fault('syntax', pathOf(ancestors), place, 'a key that is a list, an object or an alias'))
      } else if (key.value === '<<')
        faults.push(
          fault('merge_key', pathOf(ancestors), at(key), 'a merge key', 'Write the fields out, or use an alias.'),
        )
    },
    Collection: (_key, collection, ancestors) => {
      checkTag(collection, ancestors)
    },
    Scalar: (key, scalar, ancestors) => {
      checkTag(scalar, ancestors)
      const { value } = scalar
      if (key !== 'key' && (typeof value === 'bigint' || (typeof value === 'number' && isUnsafeNumber(value))))
        faults.push(unsafeNumberFault([...pathOf([...ancestors, scalar])], at(scalar)))
    },
    Alias: (_key, alias, ancestors) => {
      const target = alias.resolve(document)
      const message =
        target === undefined ? 'an alias of nothing' : ancestors.includes(target) ? 'an alias of what it stands in' : ''
      if (message !== '') faults.push(fault('alias', pathOf([...ancestors, alias]), at(alias), message))
    },
  })
  return faults
}

/** Path of the last of these nodes, each of which lies in the one before. */
const pathOf = (ancestors: readonly unknown[]): Path => {
  const path: (string | number)[] = []
  for (const [index, node] of ancestors.entries()) {
    const inside = ancestors[index + 1]
    if (isSeq(node) && inside !== undefined) path.push(node.items.indexOf(inside))
    else if (typeof node === 'object' && node !== null && 'key' in node && isScalar(node.key))
      path.push(String(node.key.value))
  }
  return path
}

const nowhere: YamlSource = { placeOf: () => undefined, textOf: () => undefined }

const sourceOf = (document: Document.Parsed, text: string, placeOf: (offset: number) => SourcePlace): YamlSource => {
  const resolve = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node)
  /** The deepest existing node on the path, where it stands, and whether it is the one that was asked for. */
  const find = (path: Path): { readonly node: unknown; readonly start: number; readonly whole: boolean } => {
    let node: unknown = document.contents
    let start = (node as Node | null)?.range?.[0] ?? 0
    for (const part of path) {
      const parent = resolve(node)
      if (isMap(parent)) {
        const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
        if (pair === undefined) return { node, start, whole: false }
        start = (pair.key as Node).range?.[0] ?? start
        node = pair.value
      } else if (isSeq(parent) && typeof part === 'number' && part < parent.items.length) {
        node = parent.items[part]
        start = (node as Node | null)?.range?.[0] ?? start
      } else return { node, start, whole: false }
    }
    return { node, start, whole: true }
  }
  return {
    placeOf: (path) => placeOf(find(path).start),
    textOf: (path) => {
      const { node, whole } = find(path)
      const scalar = resolve(node)
      if (!whole || !isScalar(scalar) || scalar.range === undefined || scalar.range === null) return undefined
      return scalar.type === 'PLAIN' ? text.slice(scalar.range[0], scalar.range[1]) : undefined
    },
  }
}
