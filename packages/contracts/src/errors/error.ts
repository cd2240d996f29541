/** The one error type that crosses module borders: a code of the catalogue, and where and how it can be mended. */
import { errorCatalogue, type ErrorCode, type ErrorEntry } from './catalogue.ts'

const entryOf = (code: ErrorCode): ErrorEntry => errorCatalogue[code]

export interface Place {
  /** Dotted path of the field, e.g. `rollout.health_check.interval`. */
  readonly path?: string
  readonly line?: number
  readonly column?: number
}

/** RFC 9457 problem document, as HTTP, outcome messages and the CLI show it. */
export interface Problem {
  /** `https://dunlin.dev/errors/<code>`: a name, not necessarily a page. */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly hint?: string
  /** Every place that is wrong, when the input was checked field by field. */
  readonly errors?: readonly (Place & { readonly message: string; readonly hint?: string; readonly code?: string })[]
  /** Further members of a code, e.g. `version` and `revision` of a failed precondition. */
  readonly [extra: string]: unknown
}

export class DunlinError extends Error {
  override readonly name = 'DunlinError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly errors: Problem['errors']
  readonly data: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    detail?: string,
    options: {
      readonly hint?: string
      readonly errors?: Problem['errors']
      readonly data?: Readonly<Record<string, unknown>>
      readonly cause?: unknown
    } = {},
  ) {
    super(detail ?? entryOf(code).sentence, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.hint = options.hint ?? entryOf(code).hint
    this.errors = options.errors
    this.data = options.data ?? {}
  }

  get retryable(): boolean {
    return entryOf(this.code).retryable
  }

  toProblem(): Problem {
    const entry = entryOf(this.code)
    return {
      ...this.data,
      type: `https://dunlin.dev/errors/${this.code}`,
      title: entry.sentence,
      status: entry.status,
      detail: this.message,
      code: this.code,
      retryable: entry.retryable,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.errors === undefined ? {} : { errors: this.errors }),
    }
  }
}
