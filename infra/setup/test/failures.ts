// What failed, told once more before the last line: of a long output often only the end is kept.
import { relative } from 'node:path'
import type { Verdict } from './counts.ts'

/** Lines of a test's message that are repeated: enough for the assertion, its values and where it stands. */
const MESSAGE_LINES = 12

/**
 * @param step the name of the step that they failed in
 * @param root the repository; files are told from there
 * @returns one entry for each failure, of one or more lines; an entry for the step itself when it names none
 */
export function tellFailures(step: string, root: string, { complaint, failures = [] }: Verdict): string[] {
  const told = failures.map(({ file, test, message }) => {
    const where = [`${step}: ${relative(root, file)}`, ...(test === undefined ? [] : [test])].join(' > ')
    const lines = message.split('\n').filter((line) => line.trim() !== '')
    return [where, ...lines.slice(0, MESSAGE_LINES).map((line) => `    ${line}`)].join('\n')
  })
  return told.length > 0 ? told : [`${step}: ${complaint ?? 'see above'}`]
}
