/** Writes docs/errors.md from the catalogue, so that the page and the codes cannot drift apart. */
import type { ErrorEntry } from './catalogue.ts'

const introduction = `# Errors

Every error that leaves Dunlin, by HTTP, by command line or as the outcome of a command, is an RFC 9457 problem document
with a stable \`code\`:

\`\`\`json
{
  "type": "https://dunlin.dev/errors/job_not_found",
  "title": "There is no such job.",
  "status": 404,
  "detail": "There is no job production/log-processor.",
  "code": "job_not_found",
  "retryable": false
}
\`\`\`

\`retryable\` says whether the same request may succeed later. \`hint\` says what helps. Input that is checked field by field
lists every wrong place under \`errors\`, each with \`path\` and \`message\`, and where they are known with \`line\`, \`column\` and
\`hint\`. Some codes have members of their own, such as \`version\` and \`revision\` of \`precondition_failed\`.

A code is a promise: it is never renamed. This page is made from the catalogue (\`packages/contracts/src/errors\`).
`

const section = ([code, { status, retryable, sentence, hint }]: readonly [string, ErrorEntry]): string => {
  const again = retryable ? 'Trying again may help.' : 'Trying again does not help.'
  return `\n## ${code}\n\n${sentence} HTTP status ${status}. ${again}\n${hint === undefined ? '' : `\n${inCode(hint)}\n`}`
}

/** A hint may hold a subject pattern, whose angle brackets Markdown would take for HTML. */
const inCode = (hint: string): string => (/[<>*_]/.test(hint) ? `Hint: \`${hint}\`` : `Hint: ${hint}`)

/** The whole page; codes in the order of the catalogue. */
export const errorsPage = (catalogue: Readonly<Record<string, ErrorEntry>>): string =>
  `${introduction}${Object.entries(catalogue).map(section).join('')}`
