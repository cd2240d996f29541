/** Secrets of a content, as a node reads them: where each comes from. A spec never holds the values. */
import * as z from 'zod/mini'

/** Providers that a node can ask. The others are refused when a job is applied, by name. */
export const builtSecretProviders = ['env', 'file'] as const

export const secretProvidersContentSchema = z.record(z.string(), z.looseObject({ provider: z.string() }))

export const secretsContentSchema = z.record(
  z.string(),
  z.object({
    /** A key of the providers. */
    from: z.string(),
    encoding: z.optional(z.enum(['raw', 'base64'])),
    /** file: below the node's secrets directory; the secret's own name where absent. */
    path: z.optional(z.string()),
    /** env: the variable of the agent; the secret's own name where absent. */
    name: z.optional(z.string()),
    /** One field of a value that is a JSON object. */
    field: z.optional(z.string()),
  }),
)
export type SecretsContent = z.output<typeof secretsContentSchema>
