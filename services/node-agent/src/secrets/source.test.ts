import type { Content } from '@dunlin/contracts/agent'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TaskError } from '../drivers/driver.ts'
import { createSecrets, type SecretSource } from './source.ts'

const VALUE = 'hunter2-very-secret'
let root: string
let source: SecretSource
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dunlin-secrets-'))
  mkdirSync(join(root, 'in'))
  writeFileSync(join(root, 'in', 'plain'), `${VALUE}\n`)
  writeFileSync(join(root, 'in', 'json'), JSON.stringify({ a: VALUE, n: 7 }))
  writeFileSync(join(root, 'in', 'coded'), Buffer.from(VALUE).toString('base64'))
  writeFileSync(join(root, 'in', 'big'), VALUE.repeat(10_000))
  writeFileSync(join(root, 'in', 'nul'), `${VALUE}\0`)
  mkdirSync(join(root, 'in', '..2026'))
  writeFileSync(join(root, 'in', '..2026', 'mounted'), VALUE)
  symlinkSync('..2026', join(root, 'in', '..data'))
  symlinkSync('..data/mounted', join(root, 'in', 'mounted'))
  writeFileSync(join(root, 'outside'), VALUE)
  symlinkSync(join(root, 'outside'), join(root, 'in', 'link'))
  source = createSecrets({
    dir: join(root, 'in'),
    allowedEnv: ['GIVEN', 'UNSET'],
    env: { GIVEN: VALUE, KEPT: VALUE },
  })
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const read = (secret: object, from = 'f', of = source) =>
  of({
    secretProviders: { f: { provider: 'file' }, e: { provider: 'env' }, v: { provider: 'hashicorp_vault' } },
    secrets: { S: { from, ...secret } },
  } as unknown as Content)

describe('secrets', () => {
  it.each([
    [{ path: 'plain' }, 'f'],
    [{ path: 'mounted' }, 'f'],
    [{ path: 'json', field: 'a' }, 'f'],
    [{ path: 'coded', encoding: 'base64' }, 'f'],
    [{ name: 'GIVEN' }, 'e'],
  ])('%j of %s', async (secret, from) => expect(await read(secret, from)).toEqual({ S: VALUE }))

  it.each([
    [{ path: 'nope' }, 'f'],
    [{ path: '../outside' }, 'f'],
    [{ path: 'link' }, 'f'],
    [{ path: '.' }, 'f'],
    [{ path: 'big' }, 'f'],
    [{ path: 'nul' }, 'f'],
    [{ path: 'json', field: 'b' }, 'f'],
    [{ path: 'json', field: 'n' }, 'f'],
    [{ path: 'plain', field: 'a' }, 'f'],
    [{ path: 'plain', encoding: 'base64' }, 'f'],
    [{ name: 'KEPT' }, 'e'],
    [{ name: 'UNSET' }, 'e'],
    [{}, 'v'],
    [{}, 'x'],
  ])('%j of %s is missing for good, and its value is told nowhere', async (secret, from) => {
    const error: unknown = await read(secret, from).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TaskError)
    expect(error).toMatchObject({ permanent: true, problem: { code: 'missing_secret' } })
    expect(JSON.stringify(error) + String(error)).not.toContain('hunter2')
  })

  it('are read from no file when the node has no folder for them', async () => {
    const none = createSecrets({ dir: undefined, allowedEnv: [], env: {} })
    await expect(read({ path: 'plain' }, 'f', none)).rejects.toThrow(/no folder for secrets/)
    expect(await none({} as Content)).toEqual({})
  })
})
