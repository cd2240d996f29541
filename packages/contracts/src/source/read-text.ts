/** What reading a text gives. */
import type { DunlinError } from '../errors/error.ts'
import type { YamlSource } from './place.ts'

export type ReadText =
  | { readonly ok: true; readonly value: unknown; readonly source: YamlSource }
  | { readonly ok: false; readonly error: DunlinError }
