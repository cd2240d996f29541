/** Finds what YAML allows and a document here must not hold: other tags, merge keys, wild aliases, unsafe numbers. */
import { isAlias, isCollection, isNode, isPair, isScalar, isSeq, visit, type Document } from 'yaml'
import { isUnsafeNumber, unsafeNumberFault, type TextFault } from './fault.ts'
import { MAX_FAULTS } from './limits.ts'
import type { Path, SourcePlace } from './place.ts'

/** Aliases in the text. Each costs a search of the document, so there must not be many. */
const MAX_ALIASES_WRITTEN = 1000

const CORE_TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((tag) => `tag:yaml.org,2002:${tag}`),
)

interface Finding {
  readonly code: TextFault['code']
  readonly message: string
  readonly hint?: string
}

export const yamlContentFaults = (
  document: Document.Parsed,
  placeOf: (offset: number) => SourcePlace,
): readonly TextFault[] => {
  const faults: TextFault[] = []
  const anchors = new Map<string, unknown>()
  const keys = new WeakMap<object, Set<string>>()
  let aliases = 0
  visit(document, (key, node, ancestors) => {
    const place = placeOf((isNode(node) ? node.range?.[0] : undefined) ?? 0)
    const path = (): Path => pathOf([...ancestors, node])
    if (isAlias(node)) {
      aliases += 1
      const wild = wildAlias(anchors, node.source, ancestors, aliases)
      if (wild !== undefined) faults.push({ code: 'alias', path: path(), ...place, message: wild })
      return aliases > MAX_ALIASES_WRITTEN ? visit.BREAK : undefined
    }
    if ((isScalar(node) || isCollection(node)) && node.anchor !== undefined) anchors.set(node.anchor, node)
    const found = isPair(node) ? oddKey(node.key, keysOf(keys, ancestors.at(-1))) : oddTag(node)
    if (found !== undefined) {
      const at = isPair(node) && isNode(node.key) ? placeOf(node.key.range?.[0] ?? 0) : place
      faults.push({ path: found.code === 'merge_key' ? pathOf(ancestors) : path(), ...at, ...found })
    } else if (key !== 'key' && isScalar(node) && isUnsafe(node.value)) faults.push(unsafeNumberFault(path(), place))
    return faults.length >= MAX_FAULTS ? visit.BREAK : undefined
  })
  return faults
}

const isUnsafe = (value: unknown): boolean =>
  typeof value === 'bigint' || (typeof value === 'number' && isUnsafeNumber(value))

/** Anchors are met before their aliases; of two with one name the later counts. */
const wildAlias = (
  anchors: ReadonlyMap<string, unknown>,
  name: string,
  ancestors: readonly unknown[],
  aliases: number,
): string | undefined => {
  if (aliases > MAX_ALIASES_WRITTEN) return `more than ${MAX_ALIASES_WRITTEN} aliases`
  const target = anchors.get(name)
  if (target === undefined) return 'an alias of nothing'
  return ancestors.includes(target) ? 'an alias of what it stands in' : undefined
}

/** Keys met so far in the map that a pair stands in. */
const keysOf = (known: WeakMap<object, Set<string>>, map: unknown): Set<string> => {
  const holder = map as object
  const met = known.get(holder) ?? new Set<string>()
  known.set(holder, met)
  return met
}

/** Keys are compared as the text that they become: `1` and `"1"` name the same field. */
const oddKey = (key: unknown, met: Set<string>): Finding | undefined => {
  if (!isScalar(key)) return { code: 'syntax', message: 'a key that is a list, an object or an alias' }
  if (key.value === '<<') return { code: 'merge_key', message: 'a merge key', hint: 'Write the fields out.' }
  const name = String(key.value)
  if (met.has(name)) return { code: 'duplicate_key', message: 'the same key for the second time' }
  met.add(name)
  return undefined
}

const oddTag = (node: unknown): Finding | undefined => {
  const tag = isScalar(node) || isCollection(node) ? node.tag : undefined
  if (tag === undefined || CORE_TAGS.has(tag)) return undefined
  return { code: 'unknown_tag', message: `the tag ${tag.slice(0, 64)}`, hint: 'Leave it out.' }
}

/** Path of the last of these nodes, each of which lies in the one before. */
const pathOf = (nodes: readonly unknown[]): Path => {
  const path: (string | number)[] = []
  for (const [index, node] of nodes.entries()) {
    const inside = nodes[index + 1]
    if (isSeq(node) && inside !== undefined) path.push(node.items.indexOf(inside))
    else if (isPair(node) && isScalar(node.key)) path.push(String(node.key.value))
  }
  return path
}
