/** An error for people: what is wrong, where, and what helps. With `-o json` the problem document itself. */
import type { DunlinError } from '@dunlin/contracts'
import type { Io } from '../io.ts'

export const printProblem = (io: Io, error: DunlinError, asJson: boolean): void => {
  if (asJson) return io.err(`${JSON.stringify(error.toProblem())}\n`)
  io.err(`${io.styleErr('red', 'error')} ${io.styleErr('dim', `[${error.code}]`)} ${error.message}\n`)
  for (const place of error.errors ?? []) {
    const at = place.line === undefined ? '' : ` (line ${place.line}, column ${place.column ?? 1})`
    const path = place.path === undefined || place.path === '' ? '' : `${io.styleErr('bold', place.path)}${at}: `
    const hint =
      place.hint === undefined ? '' : `${/[.:]$/.test(place.message) ? '' : '.'} ${io.styleErr('dim', place.hint)}`
    io.err(`  ${path === '' ? at.trim() : path}${place.message}${hint}\n`)
  }
  const said = error.errors?.some(({ hint }) => hint === error.hint) ?? false
  if (error.hint !== undefined && !said) io.err(`  ${io.styleErr('cyan', 'hint')} ${error.hint}\n`)
  if (error.retryable) io.err(`  ${io.styleErr('dim', 'The same command may succeed later.')}\n`)
}
