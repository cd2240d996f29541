/** What figures measure with: seeds of the commit, a pool, and a memory of what was measured already. */
import type { FigureContext } from './figure.ts'
import { seedsOf } from './seeds.ts'
import type { Measured } from './work/case.ts'
import type { RunChild } from './work/child.ts'
import type { Pool } from './work/pool.ts'
import type { HuntUnchanged } from './work/unchanged.ts'

export interface ContextOptions {
  readonly commit: string
  readonly rollouts: number
  readonly seeds: number
  readonly quick: boolean
  readonly pool: Pool
  readonly child: RunChild
  readonly unchanged: HuntUnchanged
  readonly say: (line: string) => void
}

const TELL_EVERY = 500

export const createContext = ({ pool, ...options }: ContextOptions): FigureContext => {
  const { commit, say } = options
  const measured = new Map<string, Promise<readonly Measured[]>>()
  return {
    ...options,
    measure: (name, one, count) => {
      const id = `${name} ${count} ${JSON.stringify(one)}`
      const known = measured.get(id)
      if (known !== undefined) return known
      const began = performance.now()
      const all = pool
        .measure(one, seedsOf(commit, name, count), (done) => {
          if (done % TELL_EVERY === 0 && done < count) say(`${name}: ${done} of ${count} rollouts`)
        })
        .then((outcomes) => {
          say(`${name}: ${count} rollouts (${one.fleet}) in ${((performance.now() - began) / 1000).toFixed(1)} s`)
          return outcomes
        })
      measured.set(id, all)
      return all
    },
  }
}
