/** Writes a portion into what is published, and draws the page again from all of it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Plot } from './figure.ts'
import { renderPage } from './page.ts'
import { merged, type Portion, type Results } from './results.ts'

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
