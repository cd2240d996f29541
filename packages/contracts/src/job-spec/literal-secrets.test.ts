import { describe, expect, it } from 'vitest'
import { parseJobSpec } from './parse.ts'

const process = (config: object) => ({ name: 'a', type: 'process', config: { command: 'x', ...config } })
const pipeline = (config: object) => ({ name: 'a', type: 'pipeline', config })
const problemOf = (spec: unknown) => {
  const parsed = parseJobSpec(spec)
  return parsed.ok ? undefined : parsed.error.toProblem()
}
// Put together here, so that nobody who looks for leaked credentials stumbles over these.
const stripe = ['sk', 'live', '4eC39HqLyjWDarjtT1zdp7dc'].join('_')
const github = `ghp_${'a'.repeat(36)}`
const key = ['-----BEGIN', 'RSA', 'PRIVATE', 'KEY-----\nMIIE\n'].join(' ')

describe('a credential in clear text', () => {
  it.each([
    ['config.env.API_TOKEN', 'hunter2', process({ env: { API_TOKEN: 'hunter2' } })],
    ['config.env.dbPassword', 'hunter2', process({ env: { dbPassword: 'hunter2' } })],
    ['config.env.HARMLESS', stripe, process({ env: { HARMLESS: stripe } })],
    ['config.args[1]', github, process({ args: ['--with', github] })],
    ['config.args[0]', 'hunter2', process({ args: ['postgres://app:hunter2@db/x'] })],
    ['config.files[0].content', 'MIIE', process({ files: [{ path: 'k.pem', content: key }] })],
    [
      'config.output.x.basic_auth.password',
      'hunter2',
      pipeline({ output: { x: { basic_auth: { password: 'hunter2' } } } }),
    ],
  ])('at %s is refused without being repeated', (path, value, spec) => {
    const problem = problemOf(spec)
    expect(problem).toMatchObject({ code: 'literal_secret', errors: [{ code: 'literal_secret', path }] })
    expect(problem?.errors?.[0]?.hint).toContain('secrets')
    expect(JSON.stringify(problem)).not.toContain(value)
  })

  it('is told to stay on the node where the job reads no secrets', () => {
    const problem = problemOf({ name: 'a', type: 'config', config: { files: [{ path: '/etc/k.pem', content: key }] } })
    expect(problem?.errors?.[0]).toMatchObject({ code: 'literal_secret', hint: expect.stringContaining('on the node') })
  })

  it.each([
    process({ env: { PASSWORD_FILE: 'pw', TOKEN: '/run/token', SECRET: '', ASK_PASSWORD: 'no', TOKENS: 'a b' } }),
    process({ args: ['https://example.com:8080/a@b', 'git@example.com:x/y', 'http://${USER}:${PASS}@db'] }),
    pipeline({ output: { x: { basic_auth: { username: 'u', password: '${PASSWORD}' }, token_field: 'id' } } }),
  ])('is not seen in what only names one (case %#)', (spec) => {
    expect(problemOf(spec)?.errors?.map(({ code }) => code) ?? []).not.toContain('literal_secret')
  })
})
