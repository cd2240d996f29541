/** A spec may come bare, as `{spec}`, or as a job that was read back; errors speak of the spec in each case. */
import type { Path, YamlSource } from '../source/place.ts'
import type { Warning } from './warning.ts'

export type Fields = Readonly<Record<string, unknown>>

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export interface Unwrapped {
  readonly spec: unknown
  /** Where the spec stands in what came in. */
  readonly prefix: Path
  readonly warnings: readonly Warning[]
}

/** The bare spec, `{spec}`, or `{id, spec, status}`, so that reading, editing and applying works. */
export const unwrap = (value: unknown): Unwrapped => {
  const bare: Unwrapped = { spec: value, prefix: [], warnings: [] }
  if (!isFields(value) || !isFields(value['spec'])) return bare
  const beside = Object.keys(value).filter((key) => key !== 'spec')
  if (!beside.every((key) => key === 'id' || key === 'status')) return bare
  return {
    spec: value['spec'],
    prefix: ['spec'],
    warnings: beside.map((path) => ({ code: 'ignored', path, message: 'is set by the system; ignored' })),
  }
}

/** The places of what stands under `prefix`. */
export const within = (source: YamlSource, prefix: Path): YamlSource =>
  prefix.length === 0
    ? source
    : {
        placeOf: (path) => source.placeOf([...prefix, ...path]),
        textOf: (path) => source.textOf([...prefix, ...path]),
      }

/** Places of the spec inside a text that may hold it bare or wrapped: for checks that run after `parseJobSpec`. */
export const sourceOfSpec = (value: unknown, source: YamlSource | undefined): YamlSource | undefined =>
  source === undefined ? undefined : within(source, unwrap(value).prefix)
