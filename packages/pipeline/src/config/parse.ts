// A whole pipeline configuration, checked: the same check serves when a job is applied and when it runs.
import { BUFFERS, INPUTS, OUTPUTS } from '../components/catalog.ts'
import { fieldPath, problem, type PipelineProblem } from '../lint/problem.ts'
import { unknownField } from '../lint/schema-problems.ts'
import { isRecord, parseComponent, parseProcessors, type Collect, type Parsed } from './component.ts'
import type { PipelineConfig } from './model.ts'

export interface PipelineWarning {
  readonly path: string
  readonly message: string
}

export type PipelineParseResult =
  | { readonly ok: true; readonly config: PipelineConfig; readonly warnings: readonly PipelineWarning[] }
  | { readonly ok: false; readonly problems: readonly PipelineProblem[] }

const FIELDS = ['input', 'buffer', 'pipeline', 'output']
const RESOURCES = [
  'cache_resources',
  'input_resources',
  'output_resources',
  'processor_resources',
  'rate_limit_resources',
]
/** What the engine's own process would be told; here the node decides these. */
const OF_THE_NODE = new Set(['http', 'logger', 'metrics', 'tracer', 'shutdown_delay', 'shutdown_timeout', 'tests'])

/** Checks a configuration and tells everything that is wrong with it, not only the first thing. */
export function parsePipelineConfig(value: unknown): PipelineParseResult {
  const problems: PipelineProblem[] = []
  const warnings: PipelineWarning[] = []
  const collect: Collect = (...more) => void problems.push(...more)
  if (!isRecord(value)) {
    return {
      ok: false,
      problems: [problem('invalid_value', '', 'an object with input, pipeline and output is expected')],
    }
  }
  for (const field of Object.keys(value)) checkRootField(field, value[field], collect)
  checkBuffer(value['buffer'], collect)
  const input = required(value, 'input', INPUTS, collect)
  const processors = parsePipeline(value['pipeline'], collect, warnings)
  const output = required(value, 'output', OUTPUTS, collect)
  if (input === undefined || output === undefined || problems.length > 0) return { ok: false, problems }
  const all = [...input.processors, ...processors, ...output.processors]
  return { ok: true, config: { input: input.component, processors: all, output: output.component }, warnings }
}

function checkRootField(field: string, value: unknown, collect: Collect): void {
  if (FIELDS.includes(field)) return
  if (RESOURCES.includes(field)) {
    if (Array.isArray(value) && value.length === 0) return
    collect(
      problem('unsupported_field', field, 'resources are not supported yet', 'write the component where it is used'),
    )
  } else if (OF_THE_NODE.has(field)) {
    collect(problem('unsupported_field', field, `'${field}' belongs to the node and cannot be set by a job`))
  } else collect(unknownField('', field, [...FIELDS, ...RESOURCES]))
}

function checkBuffer(value: unknown, collect: Collect): void {
  if (value === undefined || (isRecord(value) && Object.keys(value).every((key) => key === 'none'))) return
  parseComponent(value, 'buffer', BUFFERS, collect)
}

function required<Made>(
  value: Record<string, unknown>,
  field: 'input' | 'output',
  catalog: Parameters<typeof parseComponent<Made>>[2],
  collect: Collect,
): Parsed | undefined {
  if (value[field] !== undefined) return parseComponent(value[field], field, catalog, collect)
  collect(problem('invalid_value', field, `a pipeline needs an ${field}`))
  return undefined
}

function parsePipeline(value: unknown, collect: Collect, warnings: PipelineWarning[]) {
  if (value === undefined || value === null) return []
  if (!isRecord(value)) {
    collect(problem('invalid_value', 'pipeline', 'an object with processors is expected'))
    return []
  }
  for (const field of Object.keys(value)) {
    if (field !== 'processors' && field !== 'threads')
      collect(unknownField('pipeline', field, ['processors', 'threads']))
  }
  checkThreads(value['threads'], collect, warnings)
  return parseProcessors(value['processors'], fieldPath('pipeline', 'processors'), collect)
}

function checkThreads(threads: unknown, collect: Collect, warnings: PipelineWarning[]): void {
  if (threads === undefined) return
  if (typeof threads !== 'number' || !Number.isInteger(threads)) {
    collect(problem('invalid_value', 'pipeline.threads', 'a whole number is expected'))
  } else if (threads > 1) {
    warnings.push({
      path: 'pipeline.threads',
      message: 'messages are processed one after the other, whatever the number',
    })
  }
}
