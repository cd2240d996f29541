/**
 * Two contestants in turns on one machine: A B, B A, A B ... Whatever else the machine does hits both, so the ratio of
 * each pair is worth more than that of two averages; the figure is the median of the pairs' ratios.
 */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** The smallest value that at least this share of the values does not exceed. */
export const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)] ?? Number.NaN

export interface Pairs {
  readonly ratio: number
  readonly ratios: readonly number[]
  readonly a: readonly number[]
  readonly b: readonly number[]
}

export const summarize = (a: readonly number[], b: readonly number[]): Pairs => {
  const ratios = a.map((value, i) => value / (b[i] ?? Number.NaN))
  return { ratio: median(ratios), ratios, a, b }
}

/** @param warmUps pairs that are run first and not counted */
export const inTurns = async (
  rounds: number,
  warmUps: number,
  runA: (round: number) => Promise<number>,
  runB: (round: number) => Promise<number>,
): Promise<Pairs> => {
  const a: number[] = []
  const b: number[] = []
  for (let round = -warmUps; round < rounds; round++) {
    const aFirst = round % 2 === 0
    const first = aFirst ? await runA(round) : await runB(round)
    const second = aFirst ? await runB(round) : await runA(round)
    if (round < 0) continue
    a.push(aFirst ? first : second)
    b.push(aFirst ? second : first)
  }
  return summarize(a, b)
}

/** Calls per second of `count` calls that took `ms`. */
const perSecond = (count: number, ms: number): number => (count * 1000) / ms

/** One contestant: how many calls a second, and what a call costs this process. */
export const contestant = (
  count: number,
  run: (round: number) => Promise<number>,
  prepare: (round: number) => void = () => {},
) => {
  const cpuUs: number[] = []
  return {
    /** Independent of what else the machine does, within limits: to understand a rate, not to replace it. */
    cpuUs: () => median(cpuUs).toFixed(1),
    perSecond: async (round: number): Promise<number> => {
      prepare(round)
      const before = process.cpuUsage()
      const ms = await run(round)
      const { user, system } = process.cpuUsage(before)
      if (round >= 0) cpuUs.push((user + system) / count)
      return perSecond(count, ms)
    },
  }
}

const shown = (value: number): string => (value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString())

/** e.g. `62000 against 71000 1/s; ratios 0.85 to 0.91 in 7 rounds` */
export const tellPairs = ({ a, b, ratios }: Pairs, unit: string): string =>
  `${shown(median(a))} against ${shown(median(b))} ${unit}; ` +
  `ratios ${shown(Math.min(...ratios))} to ${shown(Math.max(...ratios))} in ${ratios.length} rounds`

export const tellValues = (values: readonly number[], unit: string): string => `${values.map(shown).join(', ')} ${unit}`
