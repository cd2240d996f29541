/** The launcher with agents that are shell scripts: what it starts, what it lets pass, and when it goes back. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { makeDataDir } from '../testing/node.ts'
import { LAUNCHER } from './launcher.ts'
import { LEAN_NODE_ENV, LEAN_NODE_FLAGS } from './node-flags.ts'
import { switchTo } from './slots.ts'
import { beginTrial, confirmTrial, isOnTrial, trialOf } from './trial.ts'

// A busy machine may be slow; nothing here waits longer than it must.
vi.setConfig({ testTimeout: 60_000 })

let home: string
let launched: ChildProcess | undefined

beforeEach(() => {
  home = makeDataDir()
  writeFileSync(join(home, 'launch'), LAUNCHER, { mode: 0o755 })
})
afterEach(async () => {
  if (launched && launched.exitCode === null && launched.signalCode === null) {
    launched.kill('SIGTERM')
    await once(launched, 'exit')
  }
  rmSync(home, { recursive: true, force: true })
})

const slot = (version: string, script: string): void => {
  mkdirSync(join(home, 'versions', version), { recursive: true })
  writeFileSync(
    join(home, 'versions', version, 'agent.mjs'),
    `echo "${version} $*" >> ${join(home, 'started')}\n${script}\n`,
  )
}
/** /bin/sh is the "node" of these tests: it notes the flags before the file and gets rid of them. `knows` = all of them. */
const node = (knows = true): string => {
  const path = join(home, 'node')
  const script = `#!/bin/sh
flags=
while case "$1" in --*) true ;; *) false ;; esac; do
  ${knows ? '' : 'exit 9'}
  flags="$flags $1"
  shift
done
[ "$1" != -e ] || exit 0
echo "flags:$flags" >> ${join(home, 'flags')}
env > ${join(home, 'environment')}
exec /bin/sh "$@"
`
  writeFileSync(path, script, { mode: 0o755 })
  return path
}
const launch = (knows = true, path = process.env['PATH']): ChildProcess => {
  const env = { ...process.env, PATH: path }
  launched = spawn(join(home, 'launch'), [home, node(knows), '--data-dir', '/data dir'], { stdio: 'ignore', env })
  return launched
}
/** Whole lines only: a shell opens the file, and may be interrupted or ended before it writes. */
const started = (): string[] =>
  existsSync(join(home, 'started')) ? readFileSync(join(home, 'started'), 'utf8').split('\n').slice(0, -1) : []
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 25_000, interval: 20 })
const exitOf = async (child: ChildProcess): Promise<number | null> =>
  child.exitCode ?? ((await once(child, 'exit')) as [number | null])[0]

const GOOD = 'trap "exit 0" TERM; while :; do sleep 0.05; done'
const trial = { execution: 'x1', attempt: 1, from: '1.0', to: '2.0', seconds: 60 }
const inUse = (): string => readlinkSync(join(home, 'current'))

it('starts what is in use with the flags of the agent, passes a stop on, and ends as it ends', async () => {
  slot('1.0', 'trap "exit 7" TERM; while :; do sleep 0.05; done')
  symlinkSync('versions/1.0', join(home, 'current'))
  const child = launch()
  await eventually(() => expect(started()).toEqual(['1.0 run --data-dir /data dir --exit-with-parent']))
  child.kill('SIGTERM')
  expect(await exitOf(child)).toBe(7)
  slot('1.0', 'exit 3')
  expect(await exitOf(launch())).toBe(3)
})

it.each([
  ['that keep it small', true, LEAN_NODE_FLAGS],
  ['of which Node does not know one, with none', false, []],
])('starts the agent with the flags %s', async (_, knows, flags) => {
  slot('1.0', 'exit 0')
  symlinkSync('versions/1.0', join(home, 'current'))
  expect(await exitOf(launch(knows))).toBe(0)
  expect(readFileSync(join(home, 'flags'), 'utf8')).toBe(`${['flags:', ...flags].join(' ')}\n`)
  const environment = readFileSync(join(home, 'environment'), 'utf8').split('\n')
  for (const [name, value] of Object.entries(LEAN_NODE_ENV)) expect(environment).toContain(`${name}=${value}`)
})

it('ends the agent when it is killed itself, and the next one starts', async () => {
  slot('1.0', `cat > /dev/null; echo alone >> ${join(home, 'started')}`)
  symlinkSync('versions/1.0', join(home, 'current'))
  const child = launch()
  await eventually(() => expect(started()).toHaveLength(1))
  child.kill('SIGKILL')
  await eventually(() => expect(started()).toContain('alone'))
})

it('starts the next version when the agent has made room for it, and lets it stay when it is healthy', async () => {
  slot('1.0', `touch ${join(home, 'first')}; while [ ! -e ${join(home, 'go')} ]; do sleep 0.02; done`)
  slot('2.0', GOOD)
  await switchTo(home, '1.0')
  const child = launch()
  await eventually(() => expect(existsSync(join(home, 'first'))).toBe(true))
  await beginTrial(home, trial)
  await switchTo(home, '2.0')
  writeFileSync(join(home, 'go'), '')
  await eventually(() => expect(started().at(-1)).toMatch(/^2\.0/))
  expect(trialOf(home, 'x1', 1)).toEqual({ is: 'on_trial' })
  expect(confirmTrial(home)).toMatchObject({ to: '2.0' })
  expect(trialOf(home, 'x1', 1)).toEqual({ is: 'healthy' })
  expect(trialOf(home, 'x1', 2)).toBeUndefined()
  child.kill('SIGTERM')
  expect(await exitOf(child)).toBe(0)
  expect(inUse()).toBe('versions/2.0')
})

it('puts one version on trial after another, each against the one before it', async () => {
  const makesRoom = (n: number): string => `while [ ! -e ${join(home, `go-${n}`)} ]; do sleep 0.02; done`
  slot('1.0', makesRoom(1))
  slot('2.0', makesRoom(2))
  slot('3.0', 'exit 4')
  await switchTo(home, '1.0')
  launch()
  await eventually(() => expect(started()).toHaveLength(1))
  await beginTrial(home, trial)
  await switchTo(home, '2.0')
  writeFileSync(join(home, 'go-1'), '')
  await eventually(() => expect(started()).toHaveLength(2))
  confirmTrial(home)
  await beginTrial(home, { ...trial, execution: 'x2', from: '2.0', to: '3.0' })
  slot('3.0', 'exit 4')
  await switchTo(home, '3.0')
  rmSync(join(home, 'go-1'))
  writeFileSync(join(home, 'go-2'), '')
  await eventually(() => expect(started().map((line) => line.slice(0, 3))).toContain('3.0'))
  await eventually(() => expect(trialOf(home, 'x2', 1)).toMatchObject({ is: 'reverted', from: '2.0', to: '3.0' }))
  expect(inUse()).toBe('versions/2.0')
})

it.each([
  ['crashes', 'exit 9', 60, 'ended with code 9 before it was healthy'],
  ['cannot be started', 'this is not a program (', 60, 'ended with code 2 before it was healthy'],
  ['hangs, deaf to signals', 'trap "" TERM; while :; do sleep 0.05; done', 1, 'did not become healthy within 1 s'],
])('goes back when the version on trial %s', async (_, script, seconds, why) => {
  slot('1.0', GOOD)
  slot('2.0', script)
  await switchTo(home, '2.0')
  await beginTrial(home, { ...trial, seconds })
  launch()
  await eventually(() => expect(started().map((line) => line.slice(0, 3))).toEqual(['2.0', '1.0']))
  expect(inUse()).toBe('versions/1.0')
  expect(trialOf(home, 'x1', 1)).toMatchObject({ is: 'reverted', from: '1.0', to: '2.0', why })
  expect(isOnTrial(home)).toBe(false)
})

it('goes back when the machine went down again and again during the trial', async () => {
  slot('1.0', GOOD)
  slot('2.0', GOOD)
  await switchTo(home, '2.0')
  await beginTrial(home, trial)
  for (let n = 1; n <= 3; n++) {
    const child = launch()
    await eventually(() => expect(started()).toHaveLength(n))
    child.kill('SIGTERM')
    await exitOf(child)
    expect(isOnTrial(home)).toBe(true)
  }
  launch()
  await eventually(() => expect(started().at(-1)).toMatch(/^1\.0/))
  expect(trialOf(home, 'x1', 1)).toMatchObject({ why: expect.stringContaining('started 3 times') })
})

it('does not put a version on trial that was never switched to', async () => {
  slot('1.0', GOOD)
  slot('2.0', GOOD)
  await switchTo(home, '1.0')
  await beginTrial(home, trial)
  expect(confirmTrial(home)).toBeUndefined()
  launch()
  await eventually(() => expect(started()).toHaveLength(1))
  expect(started()[0]).toMatch(/^1\.0/)
  expect(trialOf(home, 'x1', 1)).toMatchObject({ is: 'reverted', why: 'was never switched to' })
})

it('ends what hangs on trial also when nothing can be written', async () => {
  slot('1.0', GOOD)
  slot('2.0', GOOD)
  // As on a full disk: the mark for "too late" cannot be made.
  mkdirSync(join(home, 'late'))
  await switchTo(home, '2.0')
  await beginTrial(home, { ...trial, seconds: 1 })
  launch()
  await eventually(() => expect(started().map((line) => line.slice(0, 3))).toEqual(['2.0', '1.0']))
  expect(trialOf(home, 'x1', 1)).toMatchObject({ is: 'reverted' })
})

it('does not keep a version that failed because it could not go back at once', async () => {
  slot('1.0', GOOD)
  slot('2.0', `[ -e ${join(home, 'go')} ] || { while [ ! -e ${join(home, 'go')} ]; do sleep 0.02; done; }; exit 9`)
  await switchTo(home, '2.0')
  await beginTrial(home, trial)
  const child = launch()
  await eventually(() => expect(started()).toHaveLength(1))
  // A folder where the new link should be made: as little can be done as on a full disk.
  const inTheWay = join(home, `current.${child.pid ?? 0}`)
  mkdirSync(inTheWay)
  writeFileSync(join(home, 'go'), '')
  // It fails more than once, and is found to have failed each time.
  await eventually(() => expect(readFileSync(join(home, 'starts'), 'utf8').trim()).toBe('2'))
  expect(isOnTrial(home)).toBe(true)
  rmSync(inTheWay, { recursive: true })
  await eventually(() => expect(started().at(-1)).toMatch(/^1\.0/))
  expect(inUse()).toBe('versions/1.0')
})

it('ends when it is told so before there is an agent', async () => {
  slot('1.0', GOOD)
  await switchTo(home, '1.0')
  const slow = join(home, 'slow-node')
  writeFileSync(slow, `#!/bin/sh\ntouch ${join(home, 'asked')}\nsleep 0.5\nexec ${node()} "$@"\n`, { mode: 0o755 })
  launched = spawn(join(home, 'launch'), [home, slow], { stdio: 'ignore' })
  await eventually(() => expect(existsSync(join(home, 'asked'))).toBe(true))
  launched.kill('SIGTERM')
  expect(await exitOf(launched)).toBe(0)
  expect(started()).toEqual([])
})

it('ends an agent that was told when it was only just begun', async () => {
  // As the agent does: it ends when its standard input is closed.
  slot('2.0', 'cat > /dev/null; exit 5')
  await switchTo(home, '2.0')
  await beginTrial(home, trial)
  // The launcher asks what is in use shortly before it starts that: it is told to end at this moment.
  mkdirSync(join(home, 'bin'))
  const told = `while [ ! -s ${join(home, 'pid')} ]; do sleep 0.02; done; kill -TERM "$(cat ${join(home, 'pid')})"`
  writeFileSync(join(home, 'bin', 'readlink'), `#!/bin/sh\n${told}\nPATH=\${PATH#*:} exec readlink "$@"\n`, {
    mode: 0o755,
  })
  const child = launch(true, `${join(home, 'bin')}:${process.env['PATH']}`)
  writeFileSync(join(home, 'pid'), String(child.pid))
  expect([5, 143]).toContain(await exitOf(child))
})

it.each([
  ['is empty', ''],
  ['names a version that is gone', 'x1 1 0.9 2.0 60\n'],
])('leaves in use what is in use when the trial %s', async (_, line) => {
  slot('1.0', GOOD)
  await switchTo(home, '1.0')
  writeFileSync(join(home, 'trial'), line)
  launch()
  await eventually(() => expect(started()).toHaveLength(1))
  expect(inUse()).toBe('versions/1.0')
  expect(isOnTrial(home)).toBe(false)
})
