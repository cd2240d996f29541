/** A job spec on its way in: read strictly, parsed by the contract, and its pipeline linted, all before anything is decided. */
import {
  DunlinError,
  parseJobSpec,
  parseYamlOrJson,
  type JobSpec,
  type Warning,
  type YamlSource,
} from '@dunlin/contracts'
import type { RawBody } from '../http/body.ts'
import { lintPipeline } from './lint.ts'

export interface ReadSpec {
  readonly spec: JobSpec
  readonly warnings: readonly Warning[]
}

/** Throws malformed_body, invalid_spec, literal_secret or not_built; errors of a text name line and column. */
export const specFromText = ({ text, format }: RawBody): ReadSpec => {
  const read = parseYamlOrJson(text, format)
  if (!read.ok) throw read.error
  return specFromValue(read.value, read.source)
}

export const specFromValue = (value: unknown, source?: YamlSource): ReadSpec => {
  const parsed = parseJobSpec(value, source)
  if (!parsed.ok) throw parsed.error
  const { spec, warnings } = parsed
  const issues = spec.type === 'pipeline' ? lintPipeline(spec.config, source) : []
  const [first] = issues
  if (first !== undefined)
    throw new DunlinError('invalid_spec', `${first.path ?? 'config'}: ${first.message}`, { errors: issues })
  return { spec, warnings }
}
