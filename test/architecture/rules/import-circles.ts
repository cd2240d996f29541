// No circle of imports, neither between files nor between packages: whatever is imported can be understood first.
import { posix } from 'node:path'
import { importsOf } from '../imports.ts'
import { workspaceImports } from '../packages.ts'
import { isSource, isTest, type Rule } from '../tree.ts'

type Graph = ReadonlyMap<string, readonly string[]>

/** Between files of one package, `import type` included: a circle of types is a circle of meaning. */
export const fileCircles: Rule = (tree) => {
  const graph = new Map(
    [...tree]
      .filter(([path]) => isSource(path))
      .map(([path, text]) => [
        path,
        importsOf(path, text)
          .filter(({ specifier }) => specifier.startsWith('.'))
          .map(({ specifier }) => posix.join(posix.dirname(path), specifier)),
      ]),
  )
  return circles(graph).map((circle) => circle.join(' -> '))
}

/** Between packages, by what is shipped: a test may use testkit, which uses the package. */
export const packageCircles: Rule = (tree) => {
  const graph = new Map<string, string[]>()
  for (const { path, from, to } of workspaceImports(tree)) {
    if (isTest(path)) continue
    const targets = graph.get(from.folder) ?? []
    if (!targets.includes(to.folder)) graph.set(from.folder, [...targets, to.folder])
  }
  return circles(graph).map((circle) => circle.join(' -> '))
}

/** One circle for each edge that leads back to where the walk is; each node is walked once. */
function circles(graph: Graph): readonly (readonly string[])[] {
  const found: string[][] = []
  const done = new Set<string>()
  const trail: string[] = []
  const visit = (node: string): void => {
    if (done.has(node)) return
    const at = trail.indexOf(node)
    if (at >= 0) {
      found.push([...trail.slice(at), node])
      return
    }
    trail.push(node)
    for (const next of graph.get(node) ?? []) visit(next)
    trail.pop()
    done.add(node)
  }
  for (const node of graph.keys()) visit(node)
  return found
}
