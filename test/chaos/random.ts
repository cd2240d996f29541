/** All chance of a run comes from one seed, so that a run can be drawn again. Time and the machine are not in it. */
export interface Dice {
  /** 0 <= x < 1 */
  float(): number
  /** 0 <= x < n, whole */
  below(n: number): number
  pick<T>(from: readonly T[]): T
  /** `count` different ones, in random order; all of them when there are fewer. */
  some<T>(from: readonly T[], count: number): readonly T[]
  /** With weights; a weight of 0 is never drawn. */
  weighted<T>(from: readonly (readonly [weight: number, what: T])[]): T
}

/** Mulberry32: small, and the same on every machine. */
export const createDice = (seed: number): Dice => {
  let state = seed >>> 0
  const float = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (n: number): number => Math.floor(float() * n)
  const pick = <T>(from: readonly T[]): T => {
    const one = from[below(from.length)]
    if (one === undefined) throw new Error('nothing to pick from')
    return one
  }
  return {
    float,
    below,
    pick,
    some: (from, count) =>
      from
        .map((one) => ({ one, at: float() }))
        .toSorted((a, b) => a.at - b.at)
        .slice(0, count)
        .map(({ one }) => one),
    weighted: (from) => {
      let left = float() * from.reduce((sum, [weight]) => sum + weight, 0)
      for (const [weight, what] of from) if ((left -= weight) < 0) return what
      return pick(from)[1]
    },
  }
}
