// What a source file imports, read from its syntax tree: comments and strings cannot deceive it.
import { parseAst } from 'rolldown/parseAst'

export interface Import {
  readonly specifier: string
  /** `import type`: erased before anything runs. */
  readonly typeOnly: boolean
}

export interface Node {
  readonly type: string
  readonly [key: string]: unknown
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

/** @returns the syntax tree, or what is wrong with the file */
export function parse(path: string, text: string): Node | string {
  try {
    const lang = path.endsWith('js') ? 'js' : path.endsWith('x') ? 'tsx' : 'ts'
    const program: unknown = parseAst(text, { lang }, path)
    return isNode(program) ? program : 'has no syntax tree'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Calls `visit` for every node, parents first, with the parent and the key under which it stands there. */
export function walk(root: Node | string, visit: (node: Node, parent: Node | undefined, key: string) => void): void {
  const enter = (current: Node, parent: Node | undefined, key: string): void => {
    visit(current, parent, key)
    for (const [childKey, value] of Object.entries(current)) {
      for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
        if (isNode(child)) enter(child, current, childKey)
      }
    }
  }
  // A file that cannot be parsed is the matter of one rule (sources.ts) and must not drown the others.
  if (typeof root !== 'string') enter(root, undefined, '')
}

const parsed = new Map<string, readonly Import[]>()

/** Static imports, re-exports, `import('x')` and the types of `import('x').Y`. */
export function importsOf(path: string, text: string): readonly Import[] {
  const key = `${path}\0${text}`
  const known = parsed.get(key)
  if (known !== undefined) return known
  const imports: Import[] = []
  walk(parse(path, text), (node) => {
    const specifier = sourceOf(node)
    if (specifier === undefined) return
    const typeOnly = node['importKind'] === 'type' || node['exportKind'] === 'type' || node.type === 'TSImportType'
    imports.push({ specifier, typeOnly })
  })
  parsed.set(key, imports)
  return imports
}

const importing = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
])

function sourceOf(node: Node): string | undefined {
  if (!importing.has(node.type)) return undefined
  const source = node['source'] ?? node['argument']
  const literal = isNode(source) && source.type === 'TSLiteralType' ? source['literal'] : source
  return isNode(literal) && typeof literal['value'] === 'string' ? literal['value'] : undefined
}
