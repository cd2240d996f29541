/** An installation below a folder of the test's own; the unit is judged by systemd-analyze where there is one. */
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readText } from '../drivers/task-dir.ts'
import { makeFastDir } from '../testing/fast-dir.ts'
import { check, ofNode, ofVersion } from './check.ts'
import { needBundle, readInstallFlags } from './install-flags.ts'
import { install, runSteps, uninstall } from './install-command.ts'
import { unitOf, type Machine } from './plan.ts'
import { quoted } from './unit.ts'

// A busy machine may be slow; nothing here waits longer than it must.
vi.setConfig({ testTimeout: 60_000 })

let root: string
let bundle: string
let said: string

beforeEach(() => {
  root = makeFastDir()
  bundle = join(root, 'bundle')
  mkdirSync(bundle)
  writeFileSync(join(bundle, 'agent.mjs'), 'agent')
  writeFileSync(join(bundle, 'pipeline-process.mjs'), 'pipeline')
  mkdirSync(join(root, 'etc'))
  writeFileSync(join(root, 'etc', 'passwd'), 'root:x:0:0::/root:/bin/sh\n')
  said = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((said += String(text)), true))
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((said += String(text)), true))
})
afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
  rmSync(root, { recursive: true, force: true })
})

const flagsOf = (...args: string[]) => readInstallFlags(['--root', root, '--bundle', bundle, ...args], {})
const ran: string[][] = []
const machine: Machine = {
  run: (command, args) => {
    ran.push([command, ...args])
    // What useradd would do, with ids that the test may give files to.
    const ids = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`
    if (command === 'useradd') appendFileSync(join(root, 'etc', 'passwd'), `dunlin:x:${ids}::/:/usr/sbin/nologin\n`)
  },
}
const unitFile = (): string => join(root, 'etc/systemd/system/dunlin-agent.service')

const analyze = spawnSync('systemd-analyze', ['--version'], { stdio: 'ignore' }).status === 0
if (!analyze) process.stderr.write('skipped: this machine has no systemd-analyze, which judges the unit\n')

describe('dunlin-agent install', () => {
  it('makes user, directories, slot, launcher and unit, and changes nothing the second time', async () => {
    ran.length = 0
    await runSteps(flagsOf(), machine)
    const home = join(root, 'var/lib/dunlin/agent')
    expect(statSync(join(root, 'var/lib/dunlin')).mode & 0o777).toBe(0o700)
    expect(readlinkSync(join(home, 'current'))).toMatch(/^versions\/\d/)
    expect(readFileSync(join(home, 'current', 'agent.mjs'), 'utf8')).toBe('agent')
    expect(statSync(join(home, 'launch')).mode & 0o111).toBe(0o111)
    expect(ran.map(([command]) => command)).toEqual(['useradd'])
    expect(said).not.toContain('is so already')
    const before = [statSync(unitFile()).mtimeMs, statSync(join(home, 'current', 'agent.mjs')).ino]
    said = ''
    await runSteps(flagsOf(), machine)
    expect(said).not.toContain('done  ')
    expect([statSync(unitFile()).mtimeMs, statSync(join(home, 'current', 'agent.mjs')).ino]).toEqual(before)
    writeFileSync(join(bundle, 'agent.mjs'), 'another build')
    await runSteps(flagsOf(), machine)
    expect(readFileSync(join(home, 'current', 'agent.mjs'), 'utf8')).toBe('another build')
    await uninstall(['--root', root])
    expect([existsSync(unitFile()), existsSync(home)]).toEqual([false, true])
    await uninstall(['--root', root, '--purge'])
    expect(existsSync(home)).toBe(false)
  })

  it.each(['in the place of another one', 'where there was none'])(
    'leaves an agent that works, %s, wherever it is cut, and the next one finishes it',
    async (where) => {
      const dataDir = join(root, 'var/lib/dunlin')
      const home = join(dataDir, 'agent')
      const uid = process.getuid?.() === 0 ? 5432 : process.getuid?.()
      writeFileSync(join(root, 'etc', 'passwd'), `dunlin:x:${uid}:${uid}::/:/usr/sbin/nologin\n`)
      const inUse = (): string =>
        ['agent.mjs', 'pipeline-process.mjs'].map((name) => readText(join(home, 'current', name)) ?? 'none').join()
      const cutAt = (n: number): Machine => {
        let step = 0
        const onStep = (): void => {
          if (step++ === n) throw new Error('cut')
        }
        return { ...machine, onStep }
      }
      await runSteps(flagsOf(), machine)
      let cuts = 0
      for (let cut = true; cut; cuts += 1) {
        if (where === 'where there was none') rmSync(dataDir, { recursive: true })
        else writeFileSync(join(home, 'launch'), 'an older launcher', { mode: 0o755 })
        const before = inUse()
        for (const name of ['agent.mjs', 'pipeline-process.mjs']) writeFileSync(join(bundle, name), `${name} ${cuts}`)
        const wanted = `agent.mjs ${cuts},pipeline-process.mjs ${cuts}`
        cut = await runSteps(flagsOf(), cutAt(cuts)).then(
          () => false,
          (error: unknown) => String(error) === 'Error: cut',
        )
        // The version before or the new one, and nothing of both.
        expect([before, wanted]).toContain(inUse())
        await runSteps(flagsOf(), machine)
        expect(inUse()).toBe(wanted)
        expect(readdirSync(join(home, 'versions')).length).toBeLessThanOrEqual(2)
        expect(statSync(join(home, 'launch')).mode & 0o777).toBe(0o755)
        const given = ['', 'agent', 'agent/versions', 'agent/current', 'agent/current/agent.mjs', 'agent/launch']
        expect(given.map((path) => statSync(join(dataDir, path)).uid)).toEqual(given.map(() => uid))
      }
      expect(cuts).toBeGreaterThan(8)
    },
  )

  it('mends what was damaged, decides over a trial, and leaves the way open to tasks of other users', async () => {
    await runSteps(flagsOf(), machine)
    const dataDir = join(root, 'var/lib/dunlin')
    const home = join(dataDir, 'agent')
    writeFileSync(join(home, 'current', 'agent.mjs'), '')
    writeFileSync(join(home, 'trial'), 'x1 1 1.0 2.0 60\n')
    mkdirSync(join(dataDir, 'tasks/x1/local'), { recursive: true })
    chmodSync(dataDir, 0o711)
    await runSteps(flagsOf(), machine)
    expect(readFileSync(join(home, 'current', 'agent.mjs'), 'utf8')).toBe('agent')
    expect(existsSync(join(home, 'trial'))).toBe(false)
    expect(statSync(dataDir).mode & 0o777).toBe(0o711)
  })

  it.skipIf(process.getuid?.() !== 0)('gives the new user what was the old one’s, and nothing of tasks', async () => {
    await runSteps(flagsOf(), machine)
    const dataDir = join(root, 'var/lib/dunlin')
    mkdirSync(join(dataDir, 'tasks/x1/local'), { recursive: true })
    chownSync(join(dataDir, 'tasks/x1/local'), 4321, 4321)
    writeFileSync(join(dataDir, 'tasks/x1/local/mine'), '')
    writeFileSync(join(root, 'etc', 'passwd'), 'dunlin:x:5432:5432::/:/usr/sbin/nologin\n')
    await runSteps(flagsOf(), machine)
    const owners = ['', 'agent/current/agent.mjs', 'agent/launch', 'tasks/x1', 'tasks/x1/local', 'tasks/x1/local/mine']
    expect(owners.map((path) => statSync(join(dataDir, path)).uid)).toEqual([5432, 5432, 5432, 5432, 4321, 0])
    said = ''
    await runSteps(flagsOf(), machine)
    expect(said).not.toContain('done  ')
  })

  it('makes folders above the data directory that everybody can pass through', async () => {
    await runSteps(flagsOf('--data-dir', '/srv/a/b'), machine)
    expect(['srv', 'srv/a', 'srv/a/b'].map((path) => statSync(join(root, path)).mode & 0o777)).toEqual([
      0o755, 0o755, 0o700,
    ])
  })

  it('joins a server first, with the token in no list of processes', async () => {
    ran.length = 0
    await runSteps(flagsOf('--server', 'https://dunlin.example', '--token', 'dnl_secret'), machine)
    expect(ran[1]?.slice(1)).toContain('join')
    expect(JSON.stringify(ran)).not.toContain('dnl_secret')
    expect(readFileSync(unitFile(), 'utf8')).not.toContain('dnl_secret')
  })

  it('only says what it would do when that is asked for', async () => {
    await install(['--root', root, '--bundle', bundle, '--dry-run'])
    expect(said).toContain('would be done')
    expect(existsSync(join(root, 'var'))).toBe(false)
    await install(['--print', '--data-dir', '/srv/dunlin', '--', '--label', 'site=a b'])
    expect(said).toContain('ExecStart=/srv/dunlin/agent/launch /srv/dunlin/agent')
    expect(said).toContain('"site=a b"')
  })

  it.each([
    [['--user', 'Bad User'], 'expected a name'],
    [['--data-dir', 'relative'], 'expected an absolute path'],
    [['--', '--data-dir', '/x'], 'before "--"'],
    [['--', '--no-such-flag'], 'no-such-flag'],
    [['--server', 'https://here'], '--server is of use with'],
    [['--token', 'dnl_x'], 'A token is of use with --server'],
    [['--token', 'dnl_x', '--token-file', '/x'], 'not both'],
    [['--token-file', '/does/not/exist'], 'ENOENT'],
  ])('%j is refused with a sentence', (args, sentence) => {
    expect(() => flagsOf(...args)).toThrow(sentence)
  })

  it('takes a token from a file, and a server from the environment only together with one', () => {
    writeFileSync(join(root, 'token'), 'dnl_secret\n')
    const env = { DUNLIN_SERVER: 'https://here' }
    expect(readInstallFlags(['--token-file', join(root, 'token')], env)).toMatchObject({
      server: 'https://here',
      token: 'dnl_secret',
    })
    for (const one of [env, { DUNLIN_JOIN_TOKEN: 'dnl_x' }])
      expect(readInstallFlags([], one)).toMatchObject({ server: undefined, token: undefined })
    expect(readInstallFlags([], { ...env, DUNLIN_JOIN_TOKEN: 'dnl_x' })).toMatchObject({ token: 'dnl_x' })
  })

  it('needs an image to install into, and an installation to uninstall, and says so', async () => {
    mkdirSync(join(root, 'empty'))
    await install(['--root', join(root, 'empty'), '--bundle', bundle])
    expect(said).toContain('expected the folder of an image, with an /etc/passwd in it')
    expect(process.exitCode).toBe(1)
    said = ''
    await uninstall(['--root', join(root, 'empty')])
    expect(said).toContain('nothing is installed here')
    expect(said).not.toContain('is removed')
  })

  it('needs a bundle', () => {
    expect(() => needBundle(join(root, 'nowhere'))).toThrow('holds no agent.mjs')
  })
})

describe('the unit', () => {
  it.each([
    ['plain/word-1.0', 'plain/word-1.0'],
    ['a b', '"a b"'],
    ['100%', '100%%'],
    ['$HOME', '$$HOME'],
    ['say "x"\\', '"say \\"x\\"\\\\"'],
  ])('quotes %s', (word, as) => expect(quoted(word)).toBe(as))

  it('keeps tasks alive, hands control groups on, listens on nothing, and writes only where it must', () => {
    const text = unitOf(flagsOf('--', '--config-root', '/etc/my app'))
    for (const line of ['KillMode=process', 'Delegate=yes', 'Restart=always', 'User=dunlin', 'NoNewPrivileges=yes'])
      expect(text).toContain(`\n${line}\n`)
    expect(text).toContain('ReadWritePaths=-/var/lib/dunlin -/etc/my\\x20app\n')
    expect(text).not.toMatch(/Listen|Socket=/)
    expect(unitOf(flagsOf('--user', 'root'))).not.toContain('NoNewPrivileges=yes')
  })

  it('is the one that is shown in infra/units', () => {
    const shown = join(import.meta.dirname, '../../../../infra/units/dunlin-agent.service')
    const flags = readInstallFlags(['--node', '/usr/bin/node', '--', '--config-root', '/etc/app'], {})
    expect(readFileSync(shown, 'utf8')).toBe(unitOf(flags))
  })

  it.skipIf(!analyze)('is valid in the eyes of systemd-analyze', () => {
    mkdirSync(join(root, 'data', 'agent'), { recursive: true })
    writeFileSync(join(root, 'data', 'agent', 'launch'), '#!/bin/sh\n', { mode: 0o755 })
    const args = [
      '--data-dir',
      join(root, 'data'),
      '--user',
      'root',
      '--',
      '--label',
      'a=100% $x "y"',
      '--config-root',
      '/etc/a b',
    ]
    const file = join(root, 'dunlin-agent.service')
    writeFileSync(file, unitOf(flagsOf(...args)))
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
    // Older releases of systemd say that they ignore what they do not know.
    const told = stderr.split('\n').filter((line) => line.includes('dunlin-agent'))
    expect(told.filter((line) => !line.includes("'DelegateSubgroup'"))).toEqual([])
    expect(status).toBe(0)
  })
})

describe('dunlin-agent check', () => {
  it('tells what is there, what is missed, and what makes it impossible', async () => {
    const options = { version: '1.0.0', isVersion: undefined, dataDir: join(root, 'data'), entry: import.meta.url }
    const findings = await check({ ...options, natsUrls: ['nats://127.0.0.1:1'] })
    expect(findings.map(({ what }) => what)).toContain('queries')
    expect(findings.find(({ what }) => what === 'server')).toMatchObject({ is: 'missing' })
    expect(findings.filter(({ is }) => is === 'failed')).toEqual([])
    writeFileSync(join(root, 'file'), '')
    const unwritable = await check({ ...options, dataDir: join(root, 'file', 'data'), natsUrls: [] })
    expect(unwritable.find(({ what }) => what === 'data')).toMatchObject({ is: 'failed' })
    expect(ofVersion({ version: '1.0.0', isVersion: '1.0.1' })).toMatchObject({ is: 'failed' })
    expect([ofNode('24.9.0').is, ofNode('26.0.0').is]).toEqual(['failed', 'ok'])
  })
})
