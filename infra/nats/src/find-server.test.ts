// Where a server is looked for, in which order, and what is said about it. Binaries are small scripts here.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cacheDir } from './cache.ts'
import { findNatsServer } from './find-server.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dunlin-find-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function binary(dir: string, version = '2.14.9', name = 'nats-server'): string {
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'nats-server'), `#!/bin/sh\necho "${name}: v${version}"\n`, { mode: 0o755 })
  return join(dir, 'nats-server')
}

const env = (more: Record<string, string> = {}) => ({ PATH: join(folder, 'bin'), XDG_CACHE_HOME: folder, ...more })

test('what DUNLIN_NATS_SERVER names comes before the PATH', async () => {
  binary(join(folder, 'bin'))
  const path = binary(join(folder, 'mine'), '2.9.10')
  const found = await findNatsServer({ env: env({ DUNLIN_NATS_SERVER: path }), fetch: false })
  expect(found).toEqual({ kind: 'binary', path, version: '2.9.10', source: 'DUNLIN_NATS_SERVER' })
})

test('the PATH comes before the cache', async () => {
  binary(cacheDir(env()))
  const path = binary(join(folder, 'bin'))
  expect(await findNatsServer({ env: env(), fetch: false })).toMatchObject({ path, source: 'PATH' })
})

test('each attempt is said in one line, and a server that is too old is passed over', async () => {
  const old = binary(join(folder, 'bin'), '2.8.4')
  const path = binary(cacheDir(env()))
  const lines: string[] = []
  const found = await findNatsServer({ env: env(), fetch: false, say: (line) => lines.push(line) })
  expect(found).toMatchObject({ path, source: 'cache' })
  expect(lines).toEqual([
    `nats-server: PATH: ${old} is version 2.8.4; 2.9 is the oldest that works`,
    `nats-server: cache: ${path}, version 2.14.9`,
  ])
})

test('a program of another kind under that name is passed over', async () => {
  binary(join(folder, 'bin'), '3.1.0', 'something-else')
  await expect(findNatsServer({ env: env(), fetch: false })).rejects.toThrow('is not a nats-server')
})

test('what a person named must work: no other server is taken in its place', async () => {
  binary(join(folder, 'bin'))
  const absent = join(folder, 'absent')
  await expect(findNatsServer({ env: env({ DUNLIN_NATS_SERVER: absent }) })).rejects.toThrow('DUNLIN_NATS_SERVER')
  await expect(findNatsServer({ env: env({ DUNLIN_NATS_URL: 'nats://127.0.0.1:1' }) })).rejects.toThrow('ECONNREFUSED')
})

test('when nothing is found the error says every attempt and what to do', async () => {
  const found = findNatsServer({ env: env(), fetch: false })
  await expect(found).rejects.toMatchObject({ attempts: ['PATH: not found', 'cache: not found'] })
  await expect(found).rejects.toThrow('set DUNLIN_NATS_SERVER')
})
