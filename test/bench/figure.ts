/** What a bench says: one number with its goal. The form of every command that publishes figures. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** `<= 1.5`, `>= 0.9`; null = there is none, the figure informs. */
  readonly goal: string | null
  readonly met: boolean | null
  /** How it came about: absolute numbers, spread, what was compared. */
  readonly detail: string
}

export type Goal = { readonly atLeast: number } | { readonly atMost: number } | { readonly below: number } | undefined

/** Three significant digits: more would pretend that a shared machine measures better than that. */
const significant = (value: number): number => Number(value.toPrecision(3))

export const figure = (name: string, value: number, unit: string, goal: Goal, detail: string): Figure => {
  const common = { name, value: significant(value), unit, detail }
  if (goal === undefined) return { ...common, goal: null, met: null }
  if ('atLeast' in goal) return { ...common, goal: `>= ${goal.atLeast}`, met: value >= goal.atLeast }
  if ('below' in goal) return { ...common, goal: `< ${goal.below}`, met: value < goal.below }
  return { ...common, goal: `<= ${goal.atMost}`, met: value <= goal.atMost }
}
