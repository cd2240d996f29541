/** A problem document as the error that it was; members that the catalogue does not know travel in `data`. */
import { errorCatalogue, type ErrorCode } from './catalogue.ts'
import { DunlinError, type Problem } from './error.ts'

const codes: Readonly<Record<string, unknown>> = errorCatalogue
const isCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(codes, code)

/** `status`: of the answer that carried it, for a code of a later release. */
export const errorOfProblem = (problem: Partial<Problem>, status: number): DunlinError => {
  const {
    type: _type,
    title: _title,
    status: _status,
    detail,
    code,
    retryable: _retryable,
    hint,
    errors,
    ...data
  } = problem
  return new DunlinError(isCode(code) ? code : 'internal', detail ?? `The server answered ${status}.`, {
    ...(hint === undefined ? {} : { hint }),
    ...(errors === undefined ? {} : { errors }),
    data: isCode(code) ? data : { ...data, code, status },
  })
}
