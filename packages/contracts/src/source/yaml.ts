/**
 * Reads one YAML 1.2 document with the core schema, and no more of YAML than a job spec needs: no other tags, no merge
 * keys, few aliases. Every value keeps its place in the text.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Document, type Node } from 'yaml'
import { malformed, type TextFault } from './fault.ts'
import { MAX_FAULTS, MAX_TEXT_DEPTH } from './limits.ts'
import { placeAt, type Path, type SourcePlace, type YamlSource } from './place.ts'
import type { ReadText } from './read-text.ts'
import { yamlContentFaults } from './yaml-content.ts'
import { tooDeepAt } from './yaml-depth.ts'

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
    // Looked for in yaml-content.ts: the library compares each key with all before it.
    uniqueKeys: false,
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
  if (faults.length === 0) faults.push(...yamlContentFaults(document, placeOf))
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
  [...document.errors, ...document.warnings]
    .slice(0, MAX_FAULTS)
    .map((error) =>
      fault(
        error.code === 'TAG_RESOLVE_FAILED' ? 'unknown_tag' : 'syntax',
        [],
        placeOf(error.pos[0]),
        error.message.slice(0, 200),
      ),
    )

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
