/** A spec in the order in which people write one: identity first, then what to run, then where and how. */
import type { JobSpec } from './spec.ts'

const order = [
  'name',
  'namespace',
  'type',
  'description',
  'labels',
  'meta',
  'priority',
  'selector',
  'placement',
  'schedule',
  'parameters',
  'config',
  'restart_policy',
  'timeouts',
  'health',
  'resources',
  'secret_providers',
  'secrets',
  'rollout',
] as const satisfies readonly (keyof JobSpec)[]

/** Plain JSON without absent fields; `parseJobSpec` reads it back to the same spec. */
export const writeJobSpec = (spec: JobSpec): Readonly<Record<string, unknown>> =>
  Object.fromEntries(order.filter((field) => spec[field] !== undefined).map((field) => [field, spec[field]]))
