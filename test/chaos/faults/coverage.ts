/** Which orders of kills have come true, within one cycle each. */
import { core, isKind, kinds, orders, type Kind } from './orders.ts'
import type { Target } from './targets.ts'

export interface Covered {
  /** "24 of 24". */
  readonly pairs: string
  readonly triples: string
  readonly allFour: string
  /** Strikes while a version of the agent was on trial somewhere. */
  readonly duringTrials: number
  /** Pairs of kinds and orders of the four that have not come up. */
  readonly missing: readonly string[]
}

const name = (order: readonly Kind[]): string => order.join(' > ')

/** Which of the kinds come one after the other in what was struck, others between them or not. */
export const holds = (struck: readonly Kind[], order: readonly Kind[]): boolean => {
  let at = 0
  for (const kind of struck) if (kind === order[at]) at += 1
  return at === order.length
}

const parts = (target: Target): readonly Kind[] => {
  if (target === 'agent+shim') return ['agent', 'shim']
  return isKind(target) ? [target] : []
}

export const createCoverage = () => {
  const cycles: Kind[][] = []
  let duringTrials = 0
  const covered = (all: readonly (readonly Kind[])[]) =>
    all.filter((order) => cycles.some((struck) => holds(struck, order)))
  return {
    /** What was struck in a cycle and was there, in this order. */
    add: (struck: readonly Target[]): void => void cycles.push(struck.flatMap(parts)),
    duringTrial: (): void => void (duringTrials += 1),
    covered: (): Covered => {
      const wanted = { pairs: orders(kinds, 2), triples: orders(core, 3), allFour: orders(core, core.length) }
      const told = (all: readonly (readonly Kind[])[]): string => `${covered(all).length} of ${all.length}`
      const missing = [...wanted.pairs, ...wanted.triples, ...wanted.allFour]
      return {
        pairs: told(wanted.pairs),
        triples: told(wanted.triples),
        allFour: told(wanted.allFour),
        duringTrials,
        missing: missing.filter((order) => !covered([order]).length).map(name),
      }
    },
  }
}
