/**
 * What is published: for each figure the latest measuring of it, with commit, command, size and load of its own, in a file
 * beside the plots. A portion replaces itself and nothing else, so that no figure waits for all the others.
 */
import type { Fate, Plot, PublishedFigure } from './figure.ts'
import type { MeasuredCommit } from './seeds.ts'

/** What came out of one source of the catalogue. */
export interface Portion {
  readonly commit: MeasuredCommit
  /** Measures this portion again. */
  readonly command: string
  readonly size: string
  /** Load averages of the last minute before and after, on so many cores. */
  readonly load: { readonly before: number; readonly after: number; readonly cores: number }
  readonly figures: readonly PublishedFigure[]
  readonly plots: readonly Omit<Plot, 'svg'>[]
  /** The first seeds of each case. */
  readonly seeds: Readonly<Record<string, readonly number[]>>
  readonly mutants?: readonly Fate[]
}

/** By name of the source. */
export type Results = Readonly<Record<string, Portion>>

/** In the order of the catalogue; what the catalogue does not have any more is dropped. */
export const merged = (results: Results, portions: Results, names: readonly string[]): Results => {
  const both = { ...results, ...portions }
  return Object.fromEntries(names.flatMap((name) => (both[name] === undefined ? [] : [[name, both[name]]])))
}
