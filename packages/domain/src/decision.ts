/** What a decider answers: the commits to append (each one message, in order), or a refusal of the catalogue. */
import { DunlinError, type ErrorCode } from '@dunlin/contracts'

export type Decision<E, R = undefined> =
  | { readonly ok: true; readonly commits: readonly (readonly E[])[]; readonly result: R }
  | { readonly ok: false; readonly error: DunlinError }

export const decided = <E, R>(events: readonly E[], result: R): Decision<E, R> => ({
  ok: true,
  commits: events.length === 0 ? [] : [events],
  result,
})

export const refused = <E, R>(
  code: ErrorCode,
  detail?: string,
  options?: ConstructorParameters<typeof DunlinError>[2],
): Decision<E, R> => ({ ok: false, error: new DunlinError(code, detail, options) })
