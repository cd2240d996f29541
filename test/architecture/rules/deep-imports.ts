// A package shows one door: nobody reaches into another one's folder, by path or by name.
import { posix } from 'node:path'
import { importsOf } from '../imports.ts'
import { packageOf, packagesOf, workspaceImports } from '../packages.ts'
import { isSource, type Rule } from '../tree.ts'

export const deepImports: Rule = (tree) => {
  const packages = packagesOf(tree)
  const byPath = [...tree].flatMap(([path, text]) => {
    const own = isSource(path) ? packageOf(path, packages) : undefined
    if (own === undefined) return []
    return importsOf(path, text)
      .filter(({ specifier }) => specifier.startsWith('.'))
      .filter(({ specifier }) => packageOf(posix.join(posix.dirname(path), specifier), packages) !== own)
      .map(({ specifier }) => `${path}: ${specifier} leaves ${own.folder}`)
  })
  const byName = workspaceImports(tree)
    .filter(({ specifier, to }) => !to.exports.includes(`.${specifier.slice(to.name.length)}`))
    .map(({ path, specifier, to }) => `${path}: ${specifier} is not among the exports of ${to.folder}`)
  return [...byPath, ...byName]
}
