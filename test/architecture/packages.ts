// The packages of the workspace, as their package.json files tell.
import { isSource, type Tree } from './tree.ts'
import { importsOf } from './imports.ts'

export interface Package {
  /** `packages/domain` */
  readonly folder: string
  /** `@dunlin/domain` */
  readonly name: string
  readonly dependencies: readonly string[]
  readonly devDependencies: readonly string[]
  /** The doors: `.`, `./agent`. */
  readonly exports: readonly string[]
}

export interface WorkspaceImport {
  readonly path: string
  readonly from: Package
  readonly specifier: string
  readonly to: Package
}

export function packagesOf(tree: Tree): readonly Package[] {
  return [...tree].flatMap(([path, text]) => {
    if (!/^(packages|services)\/[^/]+\/package\.json$|^(infra|infra\/nats|test)\/package\.json$/.test(path)) return []
    const manifest = JSON.parse(text) as Record<string, unknown>
    return [
      {
        folder: path.slice(0, -'/package.json'.length),
        name: typeof manifest['name'] === 'string' ? manifest['name'] : '',
        dependencies: keysOf(manifest['dependencies']),
        devDependencies: keysOf(manifest['devDependencies']),
        exports: keysOf(manifest['exports']),
      },
    ]
  })
}

function keysOf(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : []
}

/** The package that a file belongs to: the deepest folder that holds it. */
export function packageOf(path: string, packages: readonly Package[]): Package | undefined {
  return packages
    .filter(({ folder }) => path.startsWith(`${folder}/`))
    .toSorted((a, b) => b.folder.length - a.folder.length)[0]
}

/** Every import of one workspace package by a file of another. */
export function workspaceImports(tree: Tree): readonly WorkspaceImport[] {
  const packages = packagesOf(tree)
  return [...tree].flatMap(([path, text]) => {
    const from = isSource(path) ? packageOf(path, packages) : undefined
    if (from === undefined) return []
    return importsOf(path, text).flatMap(({ specifier }) => {
      const to = packages.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`))
      return to === undefined || to === from ? [] : [{ path, from, specifier, to }]
    })
  })
}
