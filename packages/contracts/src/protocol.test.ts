import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { expect, it } from 'vitest'

/** Modules of other packages that a source file loads at run time, itself and all that it imports. */
const packagesReachedFrom = (entry: string): readonly string[] => {
  const packages = new Set<string>()
  const seen = new Set<string>()
  const visit = (path: string): void => {
    if (seen.has(path)) return
    seen.add(path)
    for (const [, typeOnly, module = ''] of readFileSync(path, 'utf8').matchAll(IMPORT)) {
      if (typeOnly !== undefined) continue
      if (module.startsWith('.')) visit(resolve(dirname(path), module))
      else packages.add(module)
    }
  }
  visit(resolve(import.meta.dirname, entry))
  return [...packages].toSorted()
}
const IMPORT = /^(?:import|export)\s+(type\s)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm

it.each(['protocol.ts', 'agent.ts'])('%s stays small: no classic zod, no YAML', (entry) => {
  expect(packagesReachedFrom(entry)).toEqual(['zod/mini'])
})

it('sees what the whole package loads', () => {
  expect(packagesReachedFrom('index.ts')).toEqual(expect.arrayContaining(['zod', 'zod/mini']))
})
