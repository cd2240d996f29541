/** What a node acts on, cut out of a spec, and the two hashes that tell what a change means. */
import { canonicalJson } from '../canonical-json.ts'
import type { Content } from '../desired/content.ts'
import type { Sha256 } from '../ids.ts'
import { durationMs } from './duration.ts'
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
