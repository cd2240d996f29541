/**
 * Parts of the spec that are read and checked but that nothing acts on yet. They are refused by name: a schedule that never
 * fires or a probe that is never asked would be worse than an error. A part leaves this list when it is built.
 */
import { DunlinError } from '../errors/error.ts'
import { builtJobTypes } from './job-type.ts'
import type { JobSpec } from './spec.ts'

const unbuiltBlocks = {
  secret_providers: 'Secret providers',
  secrets: 'Secrets',
  placement: 'Limited or preferred placement',
  schedule: 'Schedules',
  parameters: 'Parameterized jobs',
  health: 'Probes',
  resources: 'Resource limits',
} as const satisfies Partial<Record<keyof JobSpec, string>>

export const refuseNotBuilt = (spec: JobSpec): DunlinError | undefined => {
  const missing: { readonly path: string; readonly message: string }[] = []
  if (!(builtJobTypes as readonly string[]).includes(spec.type))
    missing.push({ path: 'type', message: `Jobs of type ${spec.type} are not built yet` })
  for (const [path, what] of Object.entries(unbuiltBlocks)) {
    const value = spec[path as keyof typeof unbuiltBlocks]
    if (value !== undefined && Object.keys(value).length > 0)
      missing.push({ path, message: `${what} are not built yet` })
  }
  if (missing.length === 0) return undefined
  return new DunlinError('not_built', `${missing.map(({ message }) => message).join('; ')}.`, {
    hint: `Job types that can run now: ${builtJobTypes.join(', ')}.`,
    errors: missing.map((entry) => ({ ...entry, code: 'not_built' })),
  })
}
