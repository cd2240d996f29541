/** Something in a text that its reader must refuse although the syntax is right, or the place where it is wrong. */
import { DunlinError } from '../errors/error.ts'
import { pathText, type Path, type SourcePlace } from './place.ts'

export interface TextFault extends SourcePlace {
  readonly code: 'syntax' | 'duplicate_key' | 'unsafe_number' | 'too_deep' | 'unknown_tag' | 'merge_key' | 'alias'
  readonly path: Path
  readonly message: string
  readonly hint?: string
}

/** One error for all faults of a text. */
export const malformed = (faults: readonly TextFault[], what: string): DunlinError => {
  const [first] = faults
  const detail =
    first === undefined
      ? `${what} cannot be read.`
      : `${what}, line ${first.line}, column ${first.column}: ${first.message}.`
  return new DunlinError('malformed_body', detail, {
    ...(first?.hint === undefined ? {} : { hint: first.hint }),
    errors: faults.map(({ path, ...fault }) => ({ ...(path.length === 0 ? {} : { path: pathText(path) }), ...fault })),
  })
}

export const isUnsafeNumber = (value: number): boolean =>
  !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))

export const unsafeNumberFault = (path: Path, place: SourcePlace): TextFault => ({
  code: 'unsafe_number',
  path,
  ...place,
  message: 'a number beyond 2^53 (or not finite), which cannot be kept exactly',
  hint: 'Write it as a string.',
})
