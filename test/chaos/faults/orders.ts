/**
 * What each cycle strikes, in which order. Chance alone leaves orders out for long, so that every third cycle takes the next
 * one from a deck: every order of server, agent, shim and task, with one of the others before or after them, and every pair
 * of these others. An order of which something was not there to be struck goes back into its deck.
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

const others = kinds.filter((kind) => !(core as readonly Kind[]).includes(kind))

/** One after the other is the first and the last of an order, so that a third of the orders holds every pair with them. */
const withAnother = (order: readonly Kind[], n: number): readonly Kind[] => {
  const other = others.slice(n % others.length, (n % others.length) + 1)
  return Math.floor(n / others.length) % 2 === 0 ? [...other, ...order] : [...order, ...other]
}

export interface Plan {
  readonly targets: readonly Target[]
  /** Everything of it that is a node's is of one node, and it is worth a moment to wait until all of it is there. */
  readonly isOrder: boolean
  /** Says that something of it was not there. */
  missed(): void
}

/** Dealt in this order, and anew when all have been; those that were put back come as soon as there is room. */
const createDeck = (shuffled: () => readonly (readonly Kind[])[]) => {
  let left: (readonly Kind[])[] = []
  const back: (readonly Kind[])[] = []
  const deal = (from: (readonly Kind[])[]): Plan => {
    const one = from.shift() ?? []
    return { targets: one, isOrder: true, missed: () => void back.push(one) }
  }
  return {
    next: (): Plan => {
      if (left.length === 0) left = [...shuffled()]
      return deal(left)
    },
    /** One that was put back, if there is any. */
    again: (): Plan | undefined => (back.length === 0 ? undefined : deal(back)),
  }
}

const alone = (target: Target): Plan => ({ targets: [target], isOrder: false, missed: () => {} })

/** Weighted: one, or several at once. */
const drawAny = (dice: Dice): Plan => {
  const count = dice.weighted([
    [7, 1],
    [2, 2],
    [1, 3],
  ])
  const all = targets.map((target) => [weights[target], target] as const)
  return { targets: Array.from({ length: count }, () => dice.weighted(all)), isOrder: false, missed: () => {} }
}

export const createPlans = (dice: Dice): ((cycle: number) => Plan) => {
  const shuffle = <T>(all: readonly T[]): readonly T[] => dice.some(all, all.length)
  const full = createDeck(() => shuffle(orders(core, core.length)).map(withAnother))
  const pairs = createDeck(() => shuffle(orders(others, 2)))
  return (cycle) => {
    if (cycle % 4 === 1) return full.next()
    if (cycle % 8 === 3) return pairs.next()
    // What is several kinds at once has its turn, too, however the dice fall.
    if (cycle % 8 === 7) return alone(cycle % 16 === 7 ? 'node' : 'agent+shim')
    return full.again() ?? pairs.again() ?? drawAny(dice)
  }
}
