/** What a node acts on, cut out of a spec, and the two hashes that tell what a change means. */
import { canonicalJson } from '../canonical-json.ts'
import type { Content } from '../desired/content.ts'
import type { Sha256 } from '../ids.ts'
import { durationMs } from '../duration.ts'
import type { JobSpec } from './spec.ts'

/** Lower-case hex SHA-256 of a text; hashing comes in as an argument, so that this stays free of I/O libraries. */
export type HashText = (text: string) => Sha256

export const contentOf = (spec: JobSpec): Content => ({
  type: spec.type,
  config: spec.config,
  restartPolicy: spec.restart_policy,
  executionTimeoutMs: spec.timeouts?.execution_timeout === undefined ? 0 : durationMs(spec.timeouts.execution_timeout),
  ...(spec.health === undefined ? {} : { health: spec.health }),
  ...(spec.resources === undefined ? {} : { resources: spec.resources }),
  ...(spec.secret_providers === undefined ? {} : { secretProviders: spec.secret_providers }),
  ...(spec.secrets === undefined ? {} : { secrets: spec.secrets }),
  ...(spec.parameters === undefined ? {} : { parameters: spec.parameters }),
})

/** Equal for specs that say the same: applying one again changes nothing. */
export const specHash = (spec: JobSpec, sha256: HashText): Sha256 => sha256(canonicalJson(spec))

/** Equal for specs that differ only in what no node sees: no rollout is opened. */
export const contentHash = (spec: JobSpec, sha256: HashText): Sha256 => sha256(canonicalJson(contentOf(spec)))

const contentFields = [
  'type',
  'config',
  'restart_policy',
  'health',
  'resources',
  'secret_providers',
  'secrets',
  'parameters',
] as const satisfies readonly (keyof JobSpec)[]

/**
 * The spec that a rollback applies: what nodes act on comes from the old spec, everything else (labels, selector, rollout
 * block ...) stays as it is now. Both are specs as the log keeps them.
 */
export const rollBackSpec = (
  present: Readonly<Record<string, unknown>>,
  old: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> => {
  const spec: Record<string, unknown> = { ...present }
  for (const field of contentFields)
    if (old[field] === undefined) delete spec[field]
    else spec[field] = old[field]
  const { execution_timeout: _, ...timeouts } = { ...(present['timeouts'] as JobSpec['timeouts']) }
  const before = (old['timeouts'] as JobSpec['timeouts'])?.execution_timeout
  const merged = { ...timeouts, ...(before === undefined ? {} : { execution_timeout: before }) }
  if (Object.keys(merged).length > 0) spec['timeouts'] = merged
  else delete spec['timeouts']
  return spec
}
