// What people are told to run is there after an install: `pnpm exec NAME` needs NAME among the root's own dependencies.
import type { Rule } from '../tree.ts'

interface Manifest {
  readonly name?: string
  readonly bin?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

export const toldCommands: Rule = (tree) => {
  const manifests = [...tree].flatMap(([path, text]) =>
    path.endsWith('package.json') ? [JSON.parse(text) as Manifest] : [],
  )
  const root = JSON.parse(tree.get('package.json') ?? '{}') as Manifest
  const linked = new Set(Object.keys(root.devDependencies ?? {}))
  // Commands of this workspace; which ones a foreign package brings is its own affair.
  const missing = new Map(
    manifests.flatMap(({ name = '', bin = {} }) =>
      linked.has(name) ? [] : Object.keys(bin).map((command) => [command, name] as const),
    ),
  )
  return [...tree].flatMap(([path, text]) =>
    text.split('\n').flatMap((line, index) =>
      [...line.matchAll(/pnpm exec ([a-z][\w-]*)/g)].flatMap(([, command = '']) => {
        const owner = missing.get(command)
        return owner === undefined ? [] : [`${path}:${index + 1}: ${command} is not linked: the root lacks ${owner}`]
      }),
    ),
  )
}
