/**
 * Credentials in clear text in a job's config. A spec is kept for good and shown to whoever may read it, so they are refused at
 * the door: by their form wherever they stand, and by the name of the variable or field that holds them. A secret that
 * looks like nothing and is named like nothing is not found.
 */
import type { Path } from '../source/place.ts'
import type { SpecIssue } from './issue.ts'
import { WITHOUT_SECRETS } from './node-checks.ts'

/** Forms that nothing but a credential has. */
const forms: readonly (readonly [what: string, form: RegExp])[] = [
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ['an access key of AWS', /\b(AKIA|ASIA)[0-9A-Z]{16}\b/],
  ['a token of GitHub', /\b(gh[oprsu]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})/],
  ['a token of GitLab', /\bglpat-[A-Za-z0-9_-]{20,}/],
  ['a token of Slack', /\bxox[abprs]-[A-Za-z0-9-]{10,}/],
  ['a key of Stripe', /\b[rs]k_live_[A-Za-z0-9]{16,}/],
  ['a URL with a password', /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@$<{]*:[^\s/@$<{]+@/i],
]

/** Last word of a variable's name. `PASSWORD_FILE` and `TOKEN_URL` say where something is, not what it is. */
const VARIABLE = /(^|_)(password|passwd|passphrase|secret|token|api_?key|private_key|secret_key|access_key)$/
/** A field of a component, whole: `token_field` and `secret_name` hold no secret. */
const FIELD = /^(password|passwd|passphrase|(client_)?secret|((access|auth|bearer)_)?token|api_?key|secret_access_key)$/
/** Filled in by the node (`${NAME}`, `{{ name }}`), the path of a file, or too little to be a secret. */
const HARMLESS = /\$\{|\{\{|^(\.{0,2}\/[\w./-]*|true|false|yes|no|on|off|none|null|\d{0,3})$/i

/** Values are not repeated. */
export const literalSecrets = ({
  type,
  config,
}: {
  readonly type: string
  readonly config: unknown
}): readonly SpecIssue[] => {
  const issues: SpecIssue[] = []
  const refuse = (path: Path, what: string): void =>
    void issues.push({
      path: ['config', ...path],
      code: 'literal_secret',
      message: `holds ${what} in clear text`,
      hint: WITHOUT_SECRETS.has(type)
        ? `Jobs of type ${type} read no secrets: keep it on the node, in a file that this job does not write.`
        : 'Use secrets: name it there, with a provider (file or env) that reads it on the node.',
    })

  const visit = (value: unknown, path: Path): void => {
    if (typeof value === 'string') {
      const form = forms.find(([, one]) => one.test(value))
      if (form !== undefined) refuse(path, form[0])
      else if (isNamedSecret(path) && !HARMLESS.test(value)) refuse(path, 'a credential')
    } else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Array.isArray(value) ? value.entries() : Object.entries(value))
        visit(item, [...path, key])
  }

  visit(config, [])
  return issues
}

const isNamedSecret = (path: Path): boolean => {
  const name = path.at(-1)
  if (typeof name !== 'string') return false
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase()
  return path.at(-2) === 'env' ? VARIABLE.test(words) : FIELD.test(words)
}
