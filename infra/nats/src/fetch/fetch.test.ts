import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { addToCache, cachedBinary } from '../cache.ts'
import { NATS_SERVER_VERSION } from '../version.ts'
import { aptInstall } from './apt-install.ts'
import { goCanBuild } from './go-install.ts'
import { platformName, verifyChecksum } from './release.ts'
import { runCommand, shorten } from './run-command.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dunlin-cache-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const maker = (version: string, mark: string) => async (workDir: string) => {
  const file = join(workDir, 'made')
  writeFileSync(file, `#!/bin/sh\n# ${mark}\necho "nats-server: v${version}"\n`)
  return file
}

test('what is made is moved into the cache whole, and nothing else stays there', async () => {
  const result = await addToCache(dir, maker(NATS_SERVER_VERSION, 'one'))
  expect(result).toEqual(cachedBinary(dir))
  expect(readdirSync(dir)).toEqual(['nats-server'])
})

test('two at once both succeed and leave one whole binary', async () => {
  const results = await Promise.all([
    addToCache(dir, maker(NATS_SERVER_VERSION, 'one')),
    addToCache(dir, maker(NATS_SERVER_VERSION, 'two')),
  ])
  expect(results).toEqual([cachedBinary(dir), cachedBinary(dir)])
  expect(readdirSync(dir)).toEqual(['nats-server'])
  expect(readFileSync(join(dir, 'nats-server'), 'utf8')).toContain(`v${NATS_SERVER_VERSION}`)
})

test('another version, or a failure, leaves the cache as it was', async () => {
  expect(await addToCache(dir, maker('2.0.0', 'old'))).toHaveProperty('problem')
  const failing = () => Promise.reject(new Error('the disk is full'))
  expect(await addToCache(dir, failing)).toEqual({ problem: 'the disk is full' })
  expect(readdirSync(dir)).toEqual([])
})

test('bytes that are not what the release published are refused', () => {
  const bytes = Buffer.from('the archive')
  const sum = createHash('sha256').update(bytes).digest('hex')
  const sums = `${'0'.repeat(64)}  other.tar.gz\n${sum}  a.tar.gz\n`
  expect(() => verifyChecksum(bytes, sums, 'a.tar.gz')).not.toThrow()
  expect(() => verifyChecksum(Buffer.from('another'), sums, 'a.tar.gz')).toThrow('not used')
  expect(() => verifyChecksum(bytes, sums, 'b.tar.gz')).toThrow('does not name b.tar.gz')
})

test('platforms have the names of the release', () => {
  expect(platformName('linux', 'x64')).toBe('linux-amd64')
  expect(platformName('darwin', 'arm64')).toBe('darwin-arm64')
  expect(platformName('win32', 'x64')).toBeUndefined()
  expect(platformName('linux', 'riscv64')).toBeUndefined()
})

test('Go 1.26 and newer can build it', () => {
  expect(goCanBuild('go version go1.26.8 linux/amd64')).toBe(true)
  expect(goCanBuild('go version go2.0 linux/amd64')).toBe(true)
  expect(goCanBuild('go version go1.25.9 linux/amd64')).toBe(false)
  expect(goCanBuild('devel')).toBe(false)
})

test('apt-get is asked again after its lists were updated, and only by root', async () => {
  // It has no package lists until `update` was called, then "installs" beside itself.
  const apt = `#!/bin/sh
cd ${dir}
case "$1" in
  update) touch lists ;;
  install) test -e lists || { echo 'E: Unable to locate package' >&2; exit 100; }; touch nats-server; chmod 755 nats-server ;;
esac\n`
  writeFileSync(join(dir, 'apt-get'), apt, { mode: 0o755 })
  const env = { PATH: `${dir}:/usr/bin:/bin` }
  expect(await aptInstall(env, () => {}, false)).toEqual({ problem: 'only as root' })
  expect(await aptInstall(env, () => {}, true)).toEqual({ path: join(dir, 'nats-server') })
})

test('a failing command comes back with the end of what it said, on one line', async () => {
  const result = await runCommand('sh', ['-c', 'echo first; echo why >&2; exit 3'], { timeoutMs: 10_000 })
  expect(result).toEqual({ ok: false, problem: 'first | why' })
  expect(await runCommand('no-such-program', [], { timeoutMs: 10_000 })).toMatchObject({ ok: false })
  expect(shorten('a\nb\n\nc\nd\n')).toBe('b | c | d')
})
