/** The door for specs: whatever comes in, a job spec or one typed error that names every wrong place. */
import { canonicalJson } from '../canonical-json.ts'
import { driverConfigSchemas } from '../drivers/config-schemas.ts'
import type { DunlinError } from '../errors/error.ts'
import type { YamlSource } from '../source/place.ts'
import { betweenBlocks, suspicions } from './between-blocks.ts'
import { coerceTexts } from './coerce.ts'
import { translateDeployment } from './deployment.ts'
import { findUnkeepable } from './hygiene.ts'
import type { SpecIssue } from './issue.ts'
import { specIssues } from './issues.ts'
import { schedulingClass, type JobType } from './job-type.ts'
import { refuseNotBuilt } from './not-built.ts'
import { specRefusal } from './refusal.ts'
import { defaultRestartPolicy } from './restart.ts'
import { jobSpecSchema, type JobSpec } from './spec.ts'
import type { Warning } from './warning.ts'
import { isFields, sourceOfSpec, unwrap, within, type Fields } from './wrapping.ts'

export type ParsedJobSpec =
  | { readonly ok: true; readonly spec: JobSpec; readonly warnings: readonly Warning[] }
  | { readonly ok: false; readonly error: DunlinError }

/** Canonical JSON in UTF-8. */
export const MAX_SPEC_BYTES = 512 * 1024

/**
 * A spec that may be applied: valid, and made only of parts that exist. With `source`, errors have line and column. Fails
 * with invalid_spec, literal_secret or not_built; never throws.
 */
export const parseJobSpec = (value: unknown, source?: YamlSource): ParsedJobSpec => {
  const parsed = validateJobSpec(value, source)
  if (!parsed.ok) return parsed
  const error = refuseNotBuilt(parsed.spec, sourceOfSpec(value, source))
  return error === undefined ? parsed : { ok: false, error }
}

/** Validity alone, of parts that are not built yet too. */
export const validateJobSpec = (value: unknown, source?: YamlSource): ParsedJobSpec => {
  const { spec: bare, prefix, warnings } = unwrap(value)
  const from = source === undefined ? undefined : within(source, prefix)
  const refused = (issues: readonly SpecIssue[]): ParsedJobSpec => ({ ok: false, error: specRefusal(issues, from) })
  if (!isFields(bare)) return refused([{ path: [], code: 'wrong_type', message: 'is not an object with fields' }])
  const unkeepable = findUnkeepable(bare)
  if (unkeepable.length > 0) return refused(unkeepable)

  const coerced = coerceTexts(withoutNulls(bare), from)
  const parsed = jobSpecSchema.safeParse(coerced.spec)
  const driver = driverIssues(coerced.spec)
  if (!parsed.success) return refused([...specIssues(parsed.error, coerced.spec), ...driver])
  const between = betweenBlocks(parsed.data)
  // One fault at one place: what looks at the whole spec says more of it.
  const places = new Set(between.map(({ path }) => path.join('\0')))
  const issues = [...driver.filter(({ path }) => !places.has(path.join('\0'))), ...between]
  if (issues.length > 0) return refused(issues)

  const { deployment, ...rest } = parsed.data
  const translated = deployment === undefined ? undefined : translateDeployment(deployment)
  const spec: JobSpec = {
    ...rest,
    restart_policy: rest.restart_policy ?? defaultRestartPolicy[schedulingClass(rest)],
    ...(translated === undefined ? {} : { rollout: translated.rollout }),
  }
  const sizeBytes = new TextEncoder().encode(canonicalJson(spec)).length
  if (sizeBytes > MAX_SPEC_BYTES)
    return refused([
      { path: [], code: 'too_large', message: `takes ${sizeBytes} bytes; ${MAX_SPEC_BYTES} are possible` },
    ])
  return {
    ok: true,
    spec,
    warnings: [...warnings, ...coerced.warnings, ...(translated?.warnings ?? []), ...suspicions(spec)],
  }
}

/** `labels:` with nothing after it is null in YAML, and Go writes what is not set as null. */
const withoutNulls = (spec: Fields): Fields =>
  Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== null))

/** The whole of a pipeline is linted by the pipeline package. */
const driverIssues = (spec: Fields): readonly SpecIssue[] => {
  const { type, config } = spec
  const schema = driverConfigSchemas[type as JobType]
  if (schema === undefined || !isFields(config)) return []
  const parsed = schema.safeParse(config)
  return parsed.success ? [] : specIssues(parsed.error, config, ['config'])
}
