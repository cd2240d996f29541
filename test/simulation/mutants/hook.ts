/** Puts the mutant that DUNLIN_MUTANT names into the module that it changes, in this thread, before anything is loaded. */
import { registerHooks } from 'node:module'
import { mutants } from './catalogue.ts'

export const installMutant = (name: string): void => {
  const mutant = mutants.find((one) => one.name === name)
  if (mutant === undefined) throw new Error(`there is no mutant "${name}"`)
  const target = new URL(`../../../${mutant.file}`, import.meta.url).href
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context)
      if (url !== target) return loaded
      const source = typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as never).toString()
      if (source.split(mutant.find).length !== 2)
        throw new Error(`${mutant.file} does not hold the text once: ${mutant.find}`)
      return { ...loaded, source: source.replace(mutant.find, () => mutant.replace) }
    },
  })
}
