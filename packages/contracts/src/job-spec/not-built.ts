/**
 * Parts of the spec that are read and checked but that nothing acts on yet. They are refused by name: a schedule that never
 * fires or a probe that is never asked would be worse than an error. A part leaves this list when it is built.
 */
import { builtSecretProviders } from '../drivers/secrets.ts'
import { DunlinError } from '../errors/error.ts'
import { pathText, type Path, type YamlSource } from '../source/place.ts'
import type { JobSpec } from './spec.ts'

interface Unbuilt {
  readonly path: Path
  readonly message: string
  readonly hint?: string
}

const unbuiltBlocks = {
  placement: 'Limited or preferred placement',
  schedule: 'Schedules',
  parameters: 'Parameterized jobs',
} as const satisfies Partial<Record<keyof JobSpec, string>>

const blocksOf = (spec: JobSpec): readonly Unbuilt[] =>
  Object.entries(unbuiltBlocks).flatMap(([block, what]) => {
    const value = spec[block as keyof typeof unbuiltBlocks]
    return value === undefined || Object.keys(value).length === 0
      ? []
      : [{ path: [block], message: `${what} are not built yet` }]
  })

const providersOf = ({ secret_providers: providers = {} }: JobSpec): readonly Unbuilt[] =>
  Object.entries(providers).flatMap(([key, { provider }]) =>
    (builtSecretProviders as readonly string[]).includes(provider)
      ? []
      : [
          {
            path: ['secret_providers', key, 'provider'],
            message: `Secret providers of type ${provider} are not built yet`,
            hint: `Providers that nodes can ask now: ${builtSecretProviders.join(', ')}.`,
          },
        ],
  )

export const refuseNotBuilt = (spec: JobSpec, source?: YamlSource): DunlinError | undefined => {
  const missing = [...blocksOf(spec), ...providersOf(spec)]
  if (missing.length === 0) return undefined
  const hint = missing.find((one) => one.hint !== undefined)?.hint
  return new DunlinError('not_built', `${missing.map(({ message }) => message).join('; ')}.`, {
    ...(hint === undefined ? {} : { hint }),
    errors: missing.map(({ path, ...rest }) => ({
      path: pathText(path),
      ...rest,
      code: 'not_built',
      ...source?.placeOf(path),
    })),
  })
}
