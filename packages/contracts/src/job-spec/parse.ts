/** The door for specs: whatever comes in, a job spec or one typed error that names every wrong place. */
import { canonicalJson } from '../canonical-json.ts'
import { DunlinError, type Problem } from '../errors/error.ts'
import { pathText, type Path, type YamlSource } from '../source/place.ts'
import { coerceTexts } from './coerce.ts'
import { translateDeployment } from './deployment.ts'
import { findUnkeepable } from './hygiene.ts'
import type { SpecIssue } from './issue.ts'
import { MAX_LISTED, specIssues } from './issues.ts'
import { jobTypes, schedulingClass } from './job-type.ts'
import { encodedLength, MAX_ENCODED_KEY } from './name.ts'
import { nearestName } from './nearest.ts'
import { refuseNotBuilt } from './not-built.ts'
import { processConfigSchema } from './process-config.ts'
import { defaultRestartPolicy } from './restart.ts'
import { jobSpecSchema, type JobSpec } from './spec.ts'
import type { Warning } from './warning.ts'

export type ParsedJobSpec =
  | { readonly ok: true; readonly spec: JobSpec; readonly warnings: readonly Warning[] }
  | { readonly ok: false; readonly error: DunlinError }

/** Canonical JSON in UTF-8. */
export const MAX_SPEC_BYTES = 512 * 1024

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A spec that may be applied: valid, and made only of parts that exist. */
export const parseJobSpec = (value: unknown, source?: YamlSource): ParsedJobSpec => {
  const parsed = validateJobSpec(value, source)
  if (!parsed.ok) return parsed
  const error = refuseNotBuilt(parsed.spec)
  return error === undefined ? parsed : { ok: false, error }
}

/** Validity alone, of parts that are not built yet too. */
export const validateJobSpec = (value: unknown, source?: YamlSource): ParsedJobSpec => {
  const { spec: bare, prefix, warnings } = unwrap(value)
  const from = source === undefined ? undefined : within(source, prefix)
  if (!isFields(bare))
    return refused(
      [{ path: [], code: 'wrong_type', message: 'a job spec is an object with name, type and config' }],
      from,
    )
  const unkeepable = findUnkeepable(bare)
  if (unkeepable.length > 0) return refused(unkeepable, from)
  const coerced = coerceTexts(withoutNulls(bare), from)
  const parsed = jobSpecSchema.safeParse(coerced.spec)
  const config = driverIssues(coerced.spec)
  const issues = [...(parsed.success ? [] : specIssues(parsed.error, coerced.spec)), ...config.issues]
  if (!parsed.success) return refused(issues.map(withNearestType(coerced.spec)), from)

  const { deployment, ...rest } = parsed.data
  const translated = deployment === undefined ? undefined : translateDeployment(deployment)
  issues.push(...betweenBlocks(parsed.data))
  const spec: JobSpec = {
    ...rest,
    restart_policy: rest.restart_policy ?? defaultRestartPolicy[schedulingClass(rest)],
    ...(translated === undefined ? {} : { rollout: translated.rollout }),
  }
  const sizeBytes = new TextEncoder().encode(canonicalJson(spec)).length
  if (sizeBytes > MAX_SPEC_BYTES)
    issues.push({ path: [], code: 'too_large', message: `takes ${sizeBytes} bytes; ${MAX_SPEC_BYTES} are possible` })
  if (issues.length > 0) return refused(issues, from)
  return {
    ok: true,
    spec,
    warnings: [...warnings, ...coerced.warnings, ...(translated?.warnings ?? []), ...suspicions(spec)],
  }
}

/** The bare spec, `{spec}`, or a job as it is read back (`{id, spec, status}`), so that reading, editing, applying works. */
const unwrap = (value: unknown): { spec: unknown; prefix: Path; warnings: readonly Warning[] } => {
  if (!isFields(value) || !isFields(value['spec'])) return { spec: value, prefix: [], warnings: [] }
  const beside = Object.keys(value).filter((key) => key !== 'spec')
  if (!beside.every((key) => key === 'id' || key === 'status')) return { spec: value, prefix: [], warnings: [] }
  const warnings = beside.map((path): Warning => ({ code: 'ignored', path, message: 'is set by the system; ignored' }))
  return { spec: value['spec'], prefix: ['spec'], warnings }
}

/** `labels:` with nothing after it is null in YAML, and Go writes what is not set as null. */
const withoutNulls = (spec: Fields): Fields =>
  Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== null))

/** The schema of a process is here; the whole of a pipeline is linted by the pipeline package. */
const driverIssues = (spec: Fields): { readonly issues: readonly SpecIssue[] } => {
  if (spec['type'] !== 'process' || !isFields(spec['config'])) return { issues: [] }
  const parsed = processConfigSchema.safeParse(spec['config'])
  return { issues: parsed.success ? [] : specIssues(parsed.error, spec['config'], ['config']) }
}

const withNearestType =
  (spec: Fields) =>
  (issue: SpecIssue): SpecIssue => {
    const type = spec['type']
    if (issue.path.join('.') !== 'type' || typeof type !== 'string') return issue
    const nearest = nearestName(type, jobTypes)
    return {
      ...issue,
      code: 'unknown_type',
      message: `${JSON.stringify(type.slice(0, 64))} is not a job type; ${issue.message}`,
      ...(nearest === undefined ? {} : { hint: `Did you mean "${nearest}"?` }),
    }
  }

/** What only several blocks together can get wrong. */
const betweenBlocks = (spec: JobSpecInput): readonly SpecIssue[] => {
  const issues: SpecIssue[] = []
  const length = encodedLength(spec.namespace) + encodedLength(spec.name)
  if (length > MAX_ENCODED_KEY)
    issues.push({
      path: ['name'],
      code: 'too_large',
      message: `takes ${length} characters with the namespace, encoded in a subject; ${MAX_ENCODED_KEY} are possible`,
      hint: 'Every byte outside A-Z a-z 0-9 _ - takes three characters.',
    })
  if (spec.rollout !== undefined && spec.deployment !== undefined)
    issues.push({
      path: ['deployment'],
      code: 'contradiction',
      message: 'deployment is the older form of rollout; both are given',
      hint: 'Keep rollout.',
    })
  const providers = Object.keys(spec.secret_providers ?? {})
  for (const [key, secret] of Object.entries(spec.secrets ?? {}))
    if (!providers.includes(secret.from)) {
      const nearest = nearestName(secret.from, providers)
      issues.push({
        path: ['secrets', key, 'from'],
        code: 'invalid',
        message: 'names no entry of secret_providers',
        ...(nearest === undefined ? {} : { hint: `Did you mean "${nearest}"?` }),
      })
    }
  return issues
}
type JobSpecInput = ReturnType<typeof jobSpecSchema.parse>

const suspicions = (spec: JobSpec): readonly Warning[] => {
  const command = spec.type === 'process' ? spec.config['command'] : undefined
  const warnings: Warning[] = []
  if (typeof command === 'string' && command.includes(' ') && !command.includes('/'))
    warnings.push({
      code: 'suspicious',
      path: 'config.command',
      message: 'holds a space; no shell splits it, arguments go into config.args',
    })
  if (spec.selector?.match_ids?.length === 0)
    warnings.push({ code: 'suspicious', path: 'selector.match_ids', message: 'is empty and restricts nothing' })
  return warnings
}

const within = (source: YamlSource, prefix: Path): YamlSource =>
  prefix.length === 0
    ? source
    : {
        placeOf: (path) => source.placeOf([...prefix, ...path]),
        textOf: (path) => source.textOf([...prefix, ...path]),
      }

/** Somebody's key may be as long as the text. */
const MAX_PATH = 512

const refused = (issues: readonly SpecIssue[], source: YamlSource | undefined): ParsedJobSpec => {
  const errors: Problem['errors'] = issues.slice(0, MAX_LISTED).map(({ path, ...issue }) => ({
    path: pathText(path).slice(0, MAX_PATH),
    ...issue,
    ...source?.placeOf(path),
  }))
  const onlySecrets = issues.every((issue) => issue.code === 'literal_secret')
  const first = errors[0]
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : ''
  const where = first?.path === undefined || first.path === '' ? 'The job spec' : first.path
  return {
    ok: false,
    error: new DunlinError(
      onlySecrets ? 'literal_secret' : 'invalid_spec',
      `${where}: ${first?.message ?? 'is not valid'}${more}`,
      { errors },
    ),
  }
}
