/**
 * What is published: for each figure the latest measuring of it, with commit, command, size and load of its own, in a file
 * beside the plots. A portion replaces itself and nothing else, so that no figure waits for all the others.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Fate, Plot, PublishedFigure } from './figure.ts'
import { renderPage } from './page.ts'
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

const readResults = (file: URL): Results => {
  if (!existsSync(file)) return {}
  try {
    // This command alone writes it.
    return JSON.parse(readFileSync(file, 'utf8')) as Results
  } catch (cause) {
    throw new Error('figures/results.json cannot be read: mend it, or delete it and measure again', { cause })
  }
}

/** Into `figures.md` and `figures/` of a folder; reads what is there at this moment, for another portion may have ended. */
export const publish = (
  folder: URL,
  name: string,
  portion: Portion,
  plots: readonly Plot[],
  names: readonly string[],
): void => {
  mkdirSync(new URL('figures/', folder), { recursive: true })
  const file = new URL('figures/results.json', folder)
  const results = merged(readResults(file), { [name]: portion }, names)
  for (const plot of plots) writeFileSync(new URL(`figures/${plot.file}`, folder), plot.svg)
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`)
  writeFileSync(new URL('figures.md', folder), renderPage(results, names))
}
