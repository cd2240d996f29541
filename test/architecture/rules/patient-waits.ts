// A test that waits for something says how long: the runner's own second is less than a busy machine may stand still.
import { isNode, parse, walk, type Node } from '../imports.ts'
import { isSource, type Rule } from '../tree.ts'

const LEAST_MS = 10_000
const waits = new Set(['waitFor', 'waitUntil'])

export const patientWaits: Rule = (tree) =>
  [...tree]
    .filter(([path, text]) => isSource(path) && /\bvi\.wait/.test(text))
    .flatMap(([path, text]) => {
      let impatient = 0
      walk(parse(path, text), (node) => {
        if (isWait(node) && !isPatient(node)) impatient += 1
      })
      return impatient === 0 ? [] : [`${path}: ${impatient} waits of vi give up in less than ${LEAST_MS} ms`]
    })

function isWait({ type, callee }: Node): boolean {
  if (type !== 'CallExpression' || !isNode(callee) || !isNode(callee['object']) || !isNode(callee['property']))
    return false
  return callee['object']['name'] === 'vi' && waits.has(String(callee['property']['name']))
}

/** What is no literal is taken for long enough. */
function isPatient({ arguments: given }: Node): boolean {
  const [, options] = Array.isArray(given) ? given : []
  if (!isNode(options)) return false
  if (options.type !== 'ObjectExpression') return typeof options['value'] !== 'number' || options['value'] >= LEAST_MS
  const properties = Array.isArray(options['properties']) ? options['properties'].filter(isNode) : []
  const timeout = properties.find(({ key }) => isNode(key) && key['name'] === 'timeout')?.['value']
  return isNode(timeout) && (typeof timeout['value'] !== 'number' || timeout['value'] >= LEAST_MS)
}
