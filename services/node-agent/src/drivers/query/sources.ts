/** Finds the files of a query's sources and lets only those through that really lie below a folder the node allows. */
import { formatOf, type QueryFormat, type QuerySource } from '@dunlin/contracts/agent'
import { globSync, realpathSync, statSync } from 'node:fs'
import { dirname, normalize, sep } from 'node:path'
import { mapPath } from '../pipeline/map-path.ts'
import type { QueryOrder } from './order.ts'
import { QueryError } from './problem.ts'

/** DuckDB opens one reader per file and holds the list in memory. */
const MOST_FILES = 10_000
const WILDCARD = /[*?[{]/

export interface FoundSource {
  readonly name: string
  readonly source: QuerySource
  readonly format: QueryFormat
  readonly files: readonly string[]
}

/** Throws a `QueryError` that names the source. */
export const findSources = ({
  config,
  roots,
  pathMap,
}: Pick<QueryOrder, 'config' | 'roots' | 'pathMap'>): FoundSource[] => {
  const real = roots.flatMap((root) => realOf(root) ?? [])
  return Object.entries(config.sources ?? {}).map(([name, source]) => {
    const where = `config.sources.${name}.path`
    const pattern = normalize(mapPath(source.path, pathMap))
    // Before anything is looked at: what lies outside of the roots, and whether it is there, is nobody's business.
    const folder = fixedPart(pattern)
    if (![...real, ...roots].some((root) => isBelow(folder, root))) throw notAllowed(where, source.path, roots)
    const files = filesAt(pattern, where)
    const outside = files.find((file) => !real.some((root) => isBelow(file, root)))
    if (outside !== undefined) throw notAllowed(where, outside, roots)
    if (files.length === 0 && source.optional !== true) throw noSuchFile(where, source.path)
    // The schema has refused a path that tells no format.
    return { name, source, format: formatOf(source) ?? 'csv', files }
  })
}

const filesAt = (pattern: string, where: string): string[] => {
  const found = WILDCARD.test(pattern) && realOf(pattern) === undefined ? globSync(pattern) : [pattern]
  if (found.length > MOST_FILES) {
    const message = `${where} matches ${found.length} files; ${MOST_FILES} are possible.`
    throw new QueryError({ code: 'too_many_files', message }, false)
  }
  const files = found.flatMap((path) => {
    const file = realOf(path)
    return file !== undefined && statSync(file).isFile() ? [file] : []
  })
  return [...new Set(files)].toSorted()
}

const realOf = (path: string): string | undefined => {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

const isBelow = (path: string, root: string): boolean =>
  path === root || path.startsWith(root.endsWith(sep) ? root : root + sep)

/** The folders before the first wildcard; a path without one as it is. */
const fixedPart = (pattern: string): string => {
  const [fixed = ''] = pattern.split(WILDCARD)
  return fixed === pattern ? pattern : dirname(`${fixed}x`)
}

const notAllowed = (where: string, path: string, roots: readonly string[]): QueryError =>
  new QueryError(
    {
      code: 'path_not_allowed',
      message: `${where}: this node does not let queries read ${path}.`,
      hint:
        roots.length === 0
          ? 'Its agent was started without --query-root; give it the folders that queries may read.'
          : `Queries may read below ${roots.join(', ')} (--query-root of the agent).`,
    },
    true,
  )

const noSuchFile = (where: string, path: string): QueryError =>
  new QueryError(
    {
      code: 'no_such_file',
      message: `${where}: ${path} matches no file on this node.`,
      hint: 'With optional: true and columns, no file is an empty table.',
    },
    false,
  )
