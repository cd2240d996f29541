import { describe, expect, it } from 'vitest'
import { parseJobSpec, validateJobSpec } from './parse.ts'

const SECRET = 'hvs.CAESIJ-very-secret'
const withProvider = (provider: unknown) => ({
  name: 'a',
  type: 'pipeline',
  config: {},
  secret_providers: { p: provider },
})
const vault = (auth: unknown, more: object = {}) =>
  withProvider({ provider: 'hashicorp_vault', address: 'https://vault:8200', auth, ...more })

describe('credentials in a spec', () => {
  it.each([
    vault({ method: 'static', token: SECRET }),
    vault({ method: 'approle', role_id: 'r', secret_id: SECRET }),
    vault({ method: 'jwt', jwt: SECRET }),
    withProvider({ provider: 'aws_sts', region: 'x', role_arn: 'y', auth: { access_key_id: SECRET } }),
    withProvider({ provider: 'aws_sts', region: 'x', role_arn: 'y', auth: { secret_access_key: SECRET } }),
    withProvider({ provider: 'azure_key_vault', vault_url: 'https://v', auth: { client_secret: SECRET } }),
    vault({ token_env: 'T' }, { address: `https://user:${SECRET}@vault:8200` }),
  ])('are refused without being repeated (case %#)', (spec) => {
    const parsed = parseJobSpec(spec)
    const problem = parsed.ok ? undefined : parsed.error.toProblem()
    expect(problem).toMatchObject({ code: 'literal_secret', status: 400, errors: [{ code: 'literal_secret' }] })
    expect(problem?.errors?.[0]?.hint).toMatch(/^Use /)
    expect(JSON.stringify(problem)).not.toContain(SECRET)
  })

  it('are told among other faults too, and not repeated there', () => {
    const parsed = parseJobSpec({ ...vault({ token: SECRET }), priority: 0, xyz: SECRET })
    const problem = parsed.ok ? undefined : parsed.error.toProblem()
    expect(problem?.code).toBe('invalid_spec')
    expect(problem?.errors?.map(({ code }) => code)).toContain('literal_secret')
    expect(JSON.stringify(problem)).not.toContain(SECRET)
  })

  it.each([
    vault({ method: 'static', token_env: 'VAULT_TOKEN' }),
    vault({ method: 'approle', role_id: 'r', secret_id_file: '/etc/secret' }),
    vault({ method: 'kubernetes', role: 'r' }, { tls: { ca_cert: '/ca', client_cert: '/c', client_key: '/k' } }),
    withProvider({ provider: 'aws_secrets_manager', region: 'eu-central-1' }),
    withProvider({ provider: 'file' }),
  ])('are valid when they are only named (case %#)', (spec) => {
    expect(validateJobSpec(spec)).toMatchObject({ ok: true })
  })
})

describe('secret providers', () => {
  it.each([
    [withProvider({ provider: 'valt' }), 'secret_providers.p.provider'],
    [withProvider({ provider: 'hashicorp_vault', auth: { token_env: 'T' } }), 'secret_providers.p.address'],
    [withProvider({ provider: 'gcp_secret_manager' }), 'secret_providers.p.project'],
    [vault({ token_env: 'T', token_file: '/t' }), 'secret_providers.p.auth'],
    [vault({ token_env: 'T' }, { tls: { client_cert: '/c' } }), 'secret_providers.p.tls'],
    [vault({ token_env: 'T' }, { address: 'ftp://x' }), 'secret_providers.p.address'],
    [vault({ tokn_env: 'T' }), 'secret_providers.p.auth.tokn_env'],
    [
      { ...withProvider({ provider: 'file' }), secrets: { A: { from: 'p', version_id: 'a', version_stage: 'b' } } },
      'secrets.A',
    ],
    [
      { ...withProvider({ provider: 'file' }), secrets: { A: { from: 'p', engine_version: 3 } } },
      'secrets.A.engine_version',
    ],
    [{ ...withProvider({ provider: 'file' }), secrets: { A: { from: 'p', refresh: 5 } } }, 'secrets.A.refresh'],
  ])('case %#', (spec, path) => {
    const parsed = validateJobSpec(spec)
    expect(parsed.ok ? [] : parsed.error.errors?.map((error) => error.path)).toEqual([path])
  })
})
