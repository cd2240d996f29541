/** What a seed decides: numbers, picks and coins, in the order in which they are asked for. */
import { seededRandom } from '@dunlin/runtime'

export interface Chance {
  readonly float: () => number
  readonly int: (from: number, to: number) => number
  readonly pick: <T>(items: readonly T[]) => T
  readonly is: (share: number) => boolean
}

export const chanceOf = (seed: number): Chance => {
  const random = seededRandom(seed)
  const float = (): number => random.float()
  return {
    float,
    int: (from, to) => from + Math.floor(float() * (to - from + 1)),
    pick: (items) => items[Math.floor(float() * items.length)] as (typeof items)[number],
    is: (share) => float() < share,
  }
}
