/** What only several blocks together can get wrong, or make suspicious. */
import type * as z from 'zod'
import { durationMs } from '../duration.ts'
import type { SpecIssue } from './issue.ts'
import { literalSecrets } from './literal-secrets.ts'
import { encodedLength, MAX_ENCODED_KEY } from './name.ts'
import { nodeChecks } from './node-checks.ts'
import { nearestName } from '../nearest.ts'
import { rolloutSuspicions } from './rollout-suspicions.ts'
import type { jobSpecSchema, JobSpec } from './spec.ts'
import type { Warning } from './warning.ts'

export const betweenBlocks = (spec: z.output<typeof jobSpecSchema>): readonly SpecIssue[] => {
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
  return [...issues, ...unknownProviders(spec), ...nodeChecks(spec), ...literalSecrets(spec)]
}

/** What limits less than it seems to. */
const limitSuspicions = ({ type, resources, timeouts = {} }: JobSpec): readonly Warning[] => {
  const queue = millis(timeouts.queue_timeout)
  const total = millis(timeouts.total_timeout)
  const warnings: Warning[] = []
  if (total > 0 && queue > total)
    warnings.push({
      code: 'suspicious',
      path: 'timeouts.queue_timeout',
      message: 'is longer than total_timeout, which ends the job before it',
    })
  if (resources !== undefined && !LIMITED.has(type))
    warnings.push({
      code: 'suspicious',
      path: 'resources',
      message: `limits nothing that ${type} jobs do; only nodes with as much are taken`,
    })
  return warnings
}
const LIMITED: ReadonlySet<string> = new Set(['process', 'container', 'query'])
const millis = (text: string | undefined): number => (text === undefined ? 0 : durationMs(text))

const unknownProviders = (spec: z.output<typeof jobSpecSchema>): readonly SpecIssue[] => {
  const providers = Object.keys(spec.secret_providers ?? {})
  return Object.entries(spec.secrets ?? {}).flatMap(([key, { from }]) => {
    if (providers.includes(from)) return []
    const nearest = nearestName(from, providers)
    const hint = nearest === undefined ? {} : { hint: `Did you mean "${nearest}"?` }
    return [{ path: ['secrets', key, 'from'], code: 'invalid', message: 'names no entry of secret_providers', ...hint }]
  })
}

export const suspicions = (spec: JobSpec): readonly Warning[] => {
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
  return [...warnings, ...limitSuspicions(spec), ...rolloutSuspicions(spec.rollout)]
}
