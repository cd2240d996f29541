/** Puts the mutant that DUNLIN_MUTANT names into the module that it changes, in this thread, before anything is loaded. */
import { registerHooks } from 'node:module'
import { mutants } from './catalogue.ts'
import type { Mutant } from './mutant.ts'

export const installMutant = (name: string): void => {
  const mutant = mutants.find((one) => one.name === name)
  if (mutant === undefined) throw new Error(`there is no mutant "${name}"`)
  const change = (text: string, { find, replace }: Pick<Mutant, 'find' | 'replace'>): string => {
    if (text.split(find).length !== 2) throw new Error(`${mutant.file} does not hold the text once: ${find}`)
    return text.replace(find, () => replace)
  }
  const target = new URL(`../../../${mutant.file}`, import.meta.url).href
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context)
      if (url !== target) return loaded
      const source = typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as never).toString()
      return { ...loaded, source: [mutant, ...(mutant.also === undefined ? [] : [mutant.also])].reduce(change, source) }
    },
  })
}
