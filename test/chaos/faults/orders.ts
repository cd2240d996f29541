/**
 * What each cycle strikes, in which order. Chance alone leaves orders out for long, so that three of four cycles take the next
 * one from a deck: every order of server, agent, shim and task, and every pair of kinds that these do not hold. An order of
 * which something was not there to be struck goes back into its deck.
 */
import type { Dice } from '../random.ts'
import { targets, weights, type Target } from './targets.ts'

/** What is one process, or one of several of a kind. */
export const kinds = ['server', 'api', 'scheduler', 'engine', 'agent', 'launcher', 'shim', 'task'] as const
export type Kind = (typeof kinds)[number]
export const core = ['server', 'agent', 'shim', 'task'] as const satisfies readonly Kind[]

export const isKind = (target: Target): target is Kind => (kinds as readonly Target[]).includes(target)

/** Every way to put `length` different ones of these one after the other. */
export const orders = <T>(from: readonly T[], length: number): readonly (readonly T[])[] =>
  length === 0
    ? [[]]
    : from.flatMap((first) =>
        orders(
          from.filter((one) => one !== first),
          length - 1,
        ).map((rest) => [first, ...rest]),
      )

const isCore = (kind: Kind): boolean => (core as readonly Kind[]).includes(kind)

export interface Plan {
  readonly targets: readonly Target[]
  /** Everything of it that is a node's is of one node, and it is worth a moment to wait until all of it is there. */
  readonly isOrder: boolean
  /** Says that something of it was not there. */
  missed(): void
}

/** All in random order; those that were put back come before they are dealt anew. */
const createDeck = (dice: Dice, all: readonly (readonly Kind[])[]) => {
  let left: (readonly Kind[])[] = []
  const back: (readonly Kind[])[] = []
  return {
    hasBack: () => back.length > 0,
    next: (): Plan => {
      if (left.length === 0) left = [...back.splice(0), ...dice.some(all, all.length)]
      const one = left.shift() ?? []
      return { targets: one, isOrder: true, missed: () => void back.push(one) }
    },
    again: (): Plan => {
      const one = back.shift() ?? []
      return { targets: one, isOrder: true, missed: () => void back.push(one) }
    },
  }
}

/** Weighted: one, or several at once. */
const drawAny = (dice: Dice): Plan => {
  const count = dice.weighted([
    [6, 1],
    [3, 2],
    [1, 3],
  ])
  const all = targets.map((target) => [weights[target], target] as const)
  return { targets: Array.from({ length: count }, () => dice.weighted(all)), isOrder: false, missed: () => {} }
}

export const createPlans = (dice: Dice): ((cycle: number) => Plan) => {
  const full = createDeck(dice, orders(core, core.length))
  const pairs = createDeck(
    dice,
    orders(kinds, 2).filter((pair) => !pair.every(isCore)),
  )
  return (cycle) => {
    if (cycle % 4 === 1) return full.next()
    if (cycle % 4 !== 3) return pairs.next()
    // What did not come true is tried again before anything else is.
    for (const deck of [full, pairs]) if (deck.hasBack()) return deck.again()
    return drawAny(dice)
  }
}
