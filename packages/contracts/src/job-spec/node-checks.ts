/** What secrets and probes say that the node would only find out later: here it is a fault of the spec. */
import type * as z from 'zod'
import { builtSecretProviders } from '../drivers/secrets.ts'
import type { SpecIssue } from './issue.ts'
import type { jobSpecSchema } from './spec.ts'

type Spec = z.output<typeof jobSpecSchema>

/** Fields of a secret that each provider reads beside `from`. */
const readBy: Readonly<Record<(typeof builtSecretProviders)[number], readonly string[]>> = {
  env: ['name', 'field', 'encoding'],
  file: ['path', 'field', 'encoding'],
}

const isBuilt = (provider: string | undefined): provider is (typeof builtSecretProviders)[number] =>
  (builtSecretProviders as readonly (string | undefined)[]).includes(provider)

export const nodeChecks = (spec: Spec): readonly SpecIssue[] => [
  ...unreadSecrets(spec),
  ...secretIssues(spec),
  ...probeIssues(spec),
  ...containerIssues(spec),
]

/** Types of which no part reads a secret: one that is asked for and never used would only look safe. */
export const WITHOUT_SECRETS: ReadonlySet<string> = new Set(['config', 'update', 'query'])

const unreadSecrets = ({ type, secrets = {} }: Spec): readonly SpecIssue[] =>
  WITHOUT_SECRETS.has(type) && Object.keys(secrets).length > 0
    ? [{ path: ['secrets'], code: 'invalid', message: `no part of a job of type ${type} reads secrets` }]
    : []

const secretIssues = ({ secrets = {}, secret_providers: providers = {} }: Spec): readonly SpecIssue[] =>
  Object.entries(secrets).flatMap(([key, secret]): readonly SpecIssue[] => {
    const issues: SpecIssue[] = []
    const invalid = (path: readonly string[], message: string, hint?: string): void =>
      void issues.push({ path: ['secrets', key, ...path], code: 'invalid', message, ...(hint ? { hint } : {}) })
    if (key.includes('-')) invalid([], 'becomes an environment variable, whose name is made of letters, digits and "_"')
    else if (/^(DUNLIN|_dn)_/.test(key)) invalid([], 'begins with DUNLIN_ or _dn_, which the agent sets itself')
    const type = providers[secret.from]?.provider
    if (!isBuilt(type)) return issues
    const hint = `Provider ${type} reads ${readBy[type].join(', ')}.`
    for (const field of Object.keys(secret))
      if (field !== 'from' && !readBy[type].includes(field)) invalid([field], `is not read by provider ${type}`, hint)
    const { path } = secret
    if (type === 'file' && path !== undefined && (path.startsWith('/') || path.split('/').includes('..')))
      invalid(['path'], 'leads out of the folder of secrets of the node', 'Give a path below it, without "..".')
    return issues
  })

const probeIssues = ({ type, health = {} }: Spec): readonly SpecIssue[] =>
  Object.entries(health).flatMap(([kind, probe]) =>
    probe?.exec !== undefined && type !== 'process' && type !== 'container'
      ? [
          {
            path: ['health', kind, 'exec'],
            code: 'invalid',
            message: `cannot be asked: jobs of type ${type} run no commands inside`,
            hint: 'Use http or tcp.',
          },
        ]
      : [],
  )

const containerIssues = ({ type, config, secrets = {}, resources }: Spec): readonly SpecIssue[] => {
  if (type !== 'container') return []
  const registry = Object.entries(config['registry'] ?? {})
  const unknown = registry.filter(([, name]) => typeof name === 'string' && secrets[name] === undefined)
  const issues: SpecIssue[] = unknown.map(([field]) => ({
    path: ['config', 'registry', field],
    code: 'invalid',
    message: 'names no entry of secrets',
  }))
  if (resources?.disk !== undefined)
    issues.push({
      path: ['resources', 'disk'],
      code: 'invalid',
      message: 'cannot be kept: not every engine limits what a container writes',
      hint: 'read_only, and tmpfs with a size, bound what a container writes.',
    })
  return issues
}
