// `packages/domain` decides; it never looks at a clock, draws a random number or touches the world.
import { importsOf, isNode, parse, walk, type Node } from '../imports.ts'
import { isSource, isTest, type Rule } from '../tree.ts'

const forbiddenGlobals = new Set(
  (
    'Date performance setTimeout setInterval setImmediate queueMicrotask ' +
    'crypto process console fetch globalThis global require navigator WebSocket'
  ).split(' '),
)

/** Pure objects with one impure member. */
const forbiddenMembers = new Set(['Math.random', 'Temporal.Now', 'import.meta'])

const allowedImport = /^\.\.?\/|^@dunlin\/contracts(\/|$)/

export const pureDomain: Rule = (tree) =>
  [...tree]
    .filter(([path]) => path.startsWith('packages/domain/src/') && isSource(path) && !isTest(path))
    .flatMap(([path, text]) => [
      ...importsOf(path, text)
        .filter(({ specifier }) => !allowedImport.test(specifier))
        .map(({ specifier }) => `${path}: imports ${specifier}; the domain imports contracts and nothing else`),
      ...impureNames(path, text).map(
        (name) => `${path}: uses ${name}; time, chance and the world come in as arguments`,
      ),
    ])

function impureNames(path: string, text: string): readonly string[] {
  const names: string[] = []
  walk(parse(path, text), (node, parent, key) => {
    if (node.type === 'Identifier' && isReference(parent, key)) {
      const name = String(node['name'])
      if (forbiddenGlobals.has(name)) names.push(name)
    }
    const member = memberName(node)
    if (member !== undefined && forbiddenMembers.has(member)) names.push(member)
  })
  return names
}

/** `event.process` and `{ process: 1 }` only name a property; `{ process }` uses the global. */
function isReference(parent: Node | undefined, key: string): boolean {
  if (parent === undefined) return true
  if (key === 'property' && parent['computed'] !== true) return false
  if (key === 'right' && parent.type === 'TSQualifiedName') return false
  return !(key === 'key' && parent['computed'] !== true && parent['shorthand'] !== true)
}

function memberName(node: Node): string | undefined {
  if (node.type === 'MetaProperty') return 'import.meta'
  if (node.type !== 'MemberExpression' && node.type !== 'TSQualifiedName') return undefined
  const [object, property] = [node['object'] ?? node['left'], node['property'] ?? node['right']]
  if (!isNode(object) || !isNode(property)) return undefined
  return `${String(object['name'])}.${String(property['name'] ?? property['value'])}`
}
