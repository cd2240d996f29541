/** Why a query failed, and whether another attempt could end differently. */
import type { ContentProblem } from '@dunlin/domain/agent'

export class QueryError extends Error {
  override readonly name = 'QueryError'
  readonly problem: ContentProblem
  readonly permanent: boolean

  constructor(problem: ContentProblem, permanent: boolean) {
    super(problem.message)
    this.problem = problem
    this.permanent = permanent
  }
}

interface Kind {
  readonly code: string
  readonly permanent: boolean
  readonly hint?: string
}

const unreadable: Kind = { code: 'unreadable_source', permanent: false, hint: 'Check format, columns and delimiter.' }

/** By what DuckDB's messages begin with; the first that fits counts. */
const kinds: readonly (readonly [RegExp, Kind])[] = [
  [
    /^Permission Error/,
    {
      code: 'path_not_allowed',
      permanent: true,
      hint: 'SQL opens no files by itself: name each one under config.sources, below a --query-root of the node.',
    },
  ],
  [
    /^Out of Memory Error/,
    {
      code: 'out_of_memory',
      permanent: false,
      hint: 'Raise config.limits.memory or .disk, or group and filter earlier.',
    },
  ],
  [/^INTERRUPT/, { code: 'query_timeout', permanent: false }],
  // These name a file: what is wrong is the data, and a writer may be about to complete it.
  [/^(Invalid Input|Conversion) Error: (CSV Error|JSON transform error|Malformed JSON)|\bin file "/, unreadable],
  [/^IO Error/, { code: 'unreadable_source', permanent: false }],
  [
    /^(Parser|Binder|Catalog|Conversion|Out of Range|Invalid Input|Mismatch Type|Not implemented|Syntax) Error/,
    { code: 'invalid_query', permanent: true },
  ],
]

/** What DuckDB threw, or anything else that went wrong. */
export const classify = (error: unknown): QueryError => {
  if (error instanceof QueryError) return error
  const text = (error instanceof Error ? error.message : String(error)).replace(/^Failed to extract statements: /, '')
  if (error instanceof Error && 'code' in error && error.code === 'ENOSPC')
    return new QueryError({ code: 'disk_full', message: `There is no room for the result: ${text}` }, false)
  const [, kind] = kinds.find(([begins]) => begins.test(text)) ?? []
  const { code, permanent, hint } = kind ?? { code: 'query_failed', permanent: false }
  return new QueryError({ code, message: inOneLine(text), ...(hint === undefined ? {} : { hint }) }, permanent)
}

/**
 * DuckDB tells over several lines, with the line of the SQL and a mark below it; tables and events want one. Its advice for
 * people at its own prompt is left out: settings are locked here.
 */
const inOneLine = (text: string): string => {
  const [said = text] = text.split(/\n\nPossible solutions:|\n\nSee also http/)
  const [, before = said, line, shown = '', mark = ''] = /^([^]*?)\n\nLINE (\d+): (.*)\n( *)\^\s*$/.exec(said) ?? []
  // A long line is shown in part, and the mark then says nothing of where in the line it is.
  const column = mark.length - `LINE ${line}: `.length + 1
  const exact = column > 0 && !shown.startsWith('...')
  const place = line === undefined ? '' : ` (config.sql, line ${line}${exact ? `, column ${column}` : ''})`
  return `${before.trim().replaceAll(/\s*\n\s*/g, ' ')}${place}`
}
