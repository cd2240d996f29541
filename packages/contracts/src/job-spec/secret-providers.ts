/**
 * Secret providers: where a node fetches secrets, and how it proves who it is. Credentials themselves never stand here:
 * a literal one is refused, because specs are kept in the log for good.
 */
import * as z from 'zod'
import { block, problem } from './block.ts'
import { durationSchema } from './duration-schema.ts'

const providerTypes = [
  'hashicorp_vault',
  'aws_secrets_manager',
  'aws_parameter_store',
  'aws_sts',
  'gcp_secret_manager',
  'azure_key_vault',
  'file',
  'env',
] as const

const text = z.string().min(1).max(4096).optional()

const tlsSchema = block({
  ca_cert: text,
  client_cert: text,
  client_key: text,
  skip_verify: z.boolean().optional(),
}).superRefine((tls, context) => {
  if ((tls.client_cert === undefined) !== (tls.client_key === undefined))
    context.addIssue(problem('client_cert and client_key go together'))
})

/** Fields that hold a credential, and what to write instead. */
const literals: Readonly<Record<string, string>> = {
  token: 'token_env or token_file',
  access_key_id: 'role, profile or the environment of the node',
  secret_access_key: 'role, profile or the environment of the node',
  secret_id: 'secret_id_env or secret_id_file',
  jwt: 'jwt_env or jwt_file',
  client_secret: 'client_secret_env',
}

/** One source of each: the value, a file or an environment variable of the node. */
const oneOf = ['token', 'role_id', 'secret_id', 'jwt'] as const

const authSchema = block({
  method: z
    .enum(['approle', 'kubernetes', 'jwt', 'static', 'file', 'web_identity', 'service_account', 'managed_identity'])
    .optional(),
  mount_path: text,
  path: text,
  role: text,
  role_id: text,
  role_id_env: text,
  role_id_file: text,
  secret_id: text,
  secret_id_env: text,
  secret_id_file: text,
  token: text,
  token_env: text,
  token_file: text,
  jwt: text,
  jwt_env: text,
  jwt_file: text,
  access_key_id: text,
  secret_access_key: text,
  client_id: text,
  client_secret: text,
  client_secret_env: text,
  managed_identity_client_id: text,
  tenant_id: text,
  service_account_key_file: text,
  impersonate_service_account: text,
}).superRefine((auth, context) => {
  const given: Readonly<Record<string, unknown>> = auth
  for (const [field, instead] of Object.entries(literals))
    if (given[field] !== undefined)
      context.addIssue(
        problem('a credential in clear text', { code: 'literal_secret', hint: `Use ${instead}.` }, [field]),
      )
  for (const field of oneOf) {
    const sources = [field, `${field}_env`, `${field}_file`].filter((name) => given[name] !== undefined)
    if (sources.length > 1) context.addIssue(problem(`${sources.join(' and ')} exclude each other`))
  }
})

const httpUrl = z
  .string()
  .max(2048)
  .superRefine((value, context) => {
    const url = URL.parse(value)
    // The value is not repeated: it may hold a password.
    if (url === null || !/^https?:$/.test(url.protocol)) context.addIssue(problem('expected an http or https URL'))
    else if (url.username !== '' || url.password !== '')
      context.addIssue(problem('a credential in clear text', { code: 'literal_secret', hint: 'Use the auth block.' }))
  })

/** What each backend cannot do without. */
const required: Readonly<Record<(typeof providerTypes)[number], readonly string[]>> = {
  hashicorp_vault: ['address', 'auth'],
  aws_secrets_manager: ['region'],
  aws_parameter_store: ['region'],
  aws_sts: ['region', 'role_arn'],
  gcp_secret_manager: ['project'],
  azure_key_vault: ['vault_url'],
  file: [],
  env: [],
}

const providerSchema = block({
  provider: z.enum(providerTypes),
  address: httpUrl.optional(),
  auth: authSchema.optional(),
  duration_seconds: z.int().min(900).max(43_200).optional(),
  endpoint_url: httpUrl.optional(),
  external_id: text,
  location: text,
  namespace: text,
  profile: text,
  project: text,
  region: text,
  role_arn: text,
  session_name: text,
  tls: tlsSchema.optional(),
  vault_url: httpUrl.optional(),
}).superRefine((provider, context) => {
  const given: Readonly<Record<string, unknown>> = provider
  for (const field of required[provider.provider])
    if (given[field] === undefined)
      context.addIssue(problem(`is required for ${provider.provider}`, { code: 'required' }, [field]))
})

const keyed = <Schema extends z.ZodType>(schema: Schema) =>
  z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,127}$/, 'expected letters, digits, "_" and "-"'), schema)

export const secretProvidersSchema = keyed(providerSchema)

/** A named secret: from which provider, and what it is called there. */
export const secretsSchema = keyed(
  block({
    from: z.string().min(1),
    encoding: z.enum(['raw', 'base64']).optional(),
    engine_version: z.union([z.literal(1), z.literal(2)], { error: 'expected 1 or 2' }).optional(),
    field: text,
    mount: text,
    name: text,
    path: text,
    refresh: durationSchema({ integersAre: 'nanoseconds', minMs: 1000 }).optional(),
    secret: text,
    secret_id: text,
    secret_name: text,
    secret_path: text,
    version: z.union([z.string().min(1).max(256), z.int().min(0)]).optional(),
    version_id: text,
    version_stage: text,
    with_decryption: z.boolean().optional(),
  }).superRefine((secret, context) => {
    if (secret.version_id !== undefined && secret.version_stage !== undefined)
      context.addIssue(problem('version_id and version_stage exclude each other'))
  }),
)
