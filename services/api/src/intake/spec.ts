/** A job spec on its way in: read strictly, parsed by the contract, and its pipeline linted, all before anything is decided. */
import {
  configProblems,
  DunlinError,
  parseJobSpec,
  parseYamlOrJson,
  sourceOfSpec,
  type JobSpec,
  type Warning,
  type YamlSource,
} from '@dunlin/contracts'
import { parsePipelineConfig, type PipelineWarning } from '@dunlin/pipeline'
import type { RawBody } from '../http/body.ts'

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
  if (spec.type !== 'pipeline') return { spec, warnings }
  const linted = parsePipelineConfig(spec.config)
  if (linted.ok) return { spec, warnings: [...warnings, ...linted.warnings.map(lintWarning)] }
  throw (
    configProblems(linted.problems, sourceOfSpec(value, source)) ??
    new DunlinError('invalid_spec', 'config: is not a pipeline')
  )
}

const lintWarning = ({ path, message }: PipelineWarning): Warning => ({
  code: 'suspicious',
  path: path === '' ? 'config' : `config.${path}`,
  message,
})
