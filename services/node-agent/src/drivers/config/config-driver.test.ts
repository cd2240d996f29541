/** Real files and real commands in a folder of the test's own. */
import type { ConfigConfig, Content } from '@dunlin/contracts/agent'
import { sha256 } from '@dunlin/runtime/agent'
import { spawn } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createArtifacts } from '../../artifacts/fetch.ts'
import { makeDataDir, newId } from '../../testing/node.ts'
import { TaskError, type Driver, type Task } from '../driver.ts'
import { configDriver } from './config-driver.ts'
import { readIntent, writeIntent } from './records.ts'

// A busy machine may be slow; nothing here waits longer than it must.
vi.setConfig({ testTimeout: 60_000 })
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 25_000, interval: 10 })

let dir: string
let etc: string
let dataDir: string
let driver: Driver
const tasks: Task[] = []

beforeEach(() => {
  dir = makeDataDir()
  etc = join(dir, 'etc')
  dataDir = join(dir, 'agent')
  mkdirSync(etc)
  mkdirSync(dataDir)
  driver = makeDriver()
})
afterEach(async () => {
  for (const task of tasks.splice(0)) await driver.stop(task, { graceMs: 0 })
  rmSync(dir, { recursive: true, force: true })
})

const makeDriver = (roots = [etc], recoverMs = 60_000): Driver =>
  configDriver({
    recoverMs,
    artifacts: createArtifacts({
      dir: join(dataDir, 'artifacts'),
      cacheBytes: 1_000_000,
      policy: { roots: [dir], allowLinkLocal: false },
    }),
    places: { roots, dataDir },
  })

const contentOf = (config: Partial<ConfigConfig>): Content => ({
  type: 'config',
  config: { check_every: '100ms', ...config },
  restartPolicy: 'on-failure',
  executionTimeoutMs: 0,
})
const taskOf = (config: Partial<ConfigConfig>, over: Partial<Task> = {}): Task => {
  const execution = newId() as Task['execution']
  const task = {
    execution,
    job: { namespace: 'default', name: 'etc' },
    attempt: 1,
    content: contentOf(config),
    dir: join(dataDir, 'tasks', execution),
    stateDir: join(dataDir, 'state', 'job'),
    ...over,
  }
  tasks.push(task)
  return task
}
const never = new AbortController().signal
const start = (task: Task, signal = never): Promise<void> =>
  driver.start(task, { onExit: () => {}, onProgress: () => {}, signal })
const failureOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof TaskError)) throw new Error(`expected a TaskError, got ${String(error)}`)
  return `${error.problem.code}${error.permanent ? '' : ' (again later)'}: ${error.message}`
}
const at = (name: string): string => join(etc, name)
const read = (name: string): string => readFileSync(at(name), 'utf8')
const file = (name: string, content: string, more = {}) => ({ path: at(name), content, ...more })
/** Appends what it sees of a file to `told`, so that order and content of reloads can be looked at. */
const reloadShowing = (name: string) => ({
  command: 'sh',
  args: ['-c', `cat ${at(name)} 2>/dev/null >> ${join(dir, 'told')} || echo none >> ${join(dir, 'told')}`],
})
const told = (): string => (existsSync(join(dir, 'told')) ? readFileSync(join(dir, 'told'), 'utf8') : '')

describe('files of a config job', () => {
  it('are put in place with their mode, folders and all, told once, and not again when nothing changed', async () => {
    const artifact = { source: pathToFileURL(join(dir, 'source')).href, sha256: sha256('from afar') }
    writeFileSync(join(dir, 'source'), 'from afar')
    const files = [file('a.conf', 'one\n', { mode: '0600' }), { path: at('deep/er/b.conf'), artifact }]
    const task = taskOf({ files, reload: reloadShowing('a.conf') })
    expect(driver.inspect(task)).toEqual({ is: 'absent' })
    await start(task)
    expect([read('a.conf'), read('deep/er/b.conf'), told()]).toEqual(['one\n', 'from afar', 'one\n'])
    expect([statSync(at('a.conf')).mode & 0o777, statSync(at('deep/er/b.conf')).mode & 0o777]).toEqual([0o600, 0o644])
    expect(driver.inspect(task)).toEqual({ is: 'running' })
    await start(
      taskOf({ files, reload: reloadShowing('a.conf') }, { execution: task.execution, dir: task.dir, attempt: 2 }),
    )
    expect(told()).toBe('one\n')
    expect(readdirSync(etc).toSorted()).toEqual(['a.conf', 'deep'])
  })

  it('stay as they are when the new ones are not valid', async () => {
    writeFileSync(at('a.conf'), 'old')
    const validate = {
      command: 'sh',
      args: ['-c', `grep -q good "$DUNLIN_STAGED${at('a.conf')}" || { echo no good; exit 3; }`],
    }
    const failure = await failureOf(start(taskOf({ files: [file('a.conf', 'bad')], validate })))
    expect(failure).toBe('validation_failed: Nothing was changed: sh ended with exit code 3: no good')
    expect(read('a.conf')).toBe('old')
    await start(taskOf({ files: [file('a.conf', 'good')], validate }))
    expect(read('a.conf')).toBe('good')
  })

  it('all go back when their reader does not take them, and it is told that, too', async () => {
    writeFileSync(at('a.conf'), 'old a')
    chmodSync(at('a.conf'), 0o640)
    symlinkSync('a.conf', at('link.conf'))
    const reload = {
      command: 'sh',
      args: ['-c', `cat ${at('a.conf')} >> ${join(dir, 'told')}; grep -q old ${at('a.conf')}`],
    }
    const files = [file('a.conf', 'new a '), file('link.conf', 'new link'), file('sub/c.conf', 'new c')]
    const task = taskOf({ files, reload })
    expect(await failureOf(start(task))).toBe(
      'reload_failed (again later): Every file is as it was before: sh ended with exit code 1',
    )
    expect([read('a.conf'), statSync(at('a.conf')).mode & 0o777, readlinkSync(at('link.conf'))]).toEqual([
      'old a',
      0o640,
      'a.conf',
    ])
    expect(readdirSync(etc).toSorted()).toEqual(['a.conf', 'link.conf'])
    expect(told()).toBe('new a old a')
    expect(driver.inspect(task)).toEqual({ is: 'absent' })
  })

  it('are told by a signal to the process of a pid file, and go back when there is none', async () => {
    writeFileSync(at('a.conf'), 'old')
    const reload = { signal: 'SIGHUP', pid_file: join(dir, 'pid') } as const
    const task = taskOf({ files: [file('a.conf', 'new')], reload })
    expect(await failureOf(start(task))).toContain('is not there')
    for (const text of ['0', '1', '-5', 'x']) {
      writeFileSync(join(dir, 'pid'), text)
      expect(await failureOf(start(task))).toContain('holds no process id')
    }
    const script = `trap 'cat ${at('a.conf')} > ${join(dir, 'heard')}' HUP; : > ${join(dir, 'ready')}; while :; do sleep 0.05; done`
    const reader = spawn('sh', ['-c', script], { stdio: 'ignore' })
    try {
      await eventually(() => expect(existsSync(join(dir, 'ready'))).toBe(true))
      writeFileSync(join(dir, 'pid'), `${reader.pid}\n`)
      await start(task)
      await eventually(() => expect(readFileSync(join(dir, 'heard'), 'utf8')).toBe('new'))
    } finally {
      reader.kill('SIGKILL')
    }
  })

  it('are refused outside the roots, also through a link, and in the directory of the agent', async () => {
    mkdirSync(join(dir, 'other'))
    symlinkSync(join(dir, 'other'), at('link'))
    const one = (path: string): Promise<string> => failureOf(start(taskOf({ files: [{ path, content: '' }] })))
    expect(await one(join(dir, 'other/a'))).toMatch(/^config_root: .*is below none/)
    expect(await one(at('link/a'))).toMatch(/^config_root: .*which leads to .*other\/a, is below none/)
    expect(readdirSync(join(dir, 'other'))).toEqual([])
    driver = makeDriver([dir])
    expect(await one(join(dataDir, 'journal.db'))).toMatch(/^config_root: .*agent's own directory/)
    mkdirSync(at('folder'))
    expect(await one(at('folder'))).toMatch(/^not_a_file/)
    expect(makeDriver([]).prepare(contentOf({ files: [file('a', '')] }))).toMatchObject({ code: 'config_root' })
    expect(driver.prepare(contentOf({ files: [{ path: `${etc}/../a`, content: '' }] }))).toMatchObject({
      code: 'invalid_config',
    })
    expect(await failureOf(start(taskOf({ files: [file('a', '', { owner: 'nobody-of-that-name' })] })))).toMatch(
      /^unknown_owner: .*nobody-of-that-name/,
    )
  })

  it('belong to one job: another one that names them waits', async () => {
    const first = taskOf({ files: [file('a.conf', 'first')] })
    await start(first)
    const second = taskOf({ files: [file('a.conf', 'second')] }, { job: { namespace: 'default', name: 'rival' } })
    expect(await failureOf(start(second))).toMatch(/^path_taken \(again later\): .*default\/etc/)
    await driver.stop(first, { graceMs: 0 })
    await start(second)
    expect(read('a.conf')).toBe('second')
  })
})

describe('drift', () => {
  const disturb = (): void => {
    appendFileSync(at('a.conf'), 'more')
    chmodSync(at('b.conf'), 0o666)
    rmSync(at('c.conf'))
  }
  const files = () => [file('a.conf', 'a'), file('b.conf', 'b'), file('c.conf', 'c')]
  const list = () => `${at('a.conf')} (content), ${at('b.conf')} (mode), ${at('c.conf')} (deleted)`

  it('is corrected, told to the reader, and said in the log', async () => {
    const task = taskOf({ files: files(), reload: reloadShowing('a.conf') })
    await start(task)
    disturb()
    await eventually(() => expect(told()).toBe('aa'))
    expect([read('a.conf'), statSync(at('b.conf')).mode & 0o777, read('c.conf')]).toEqual(['a', 0o644, 'c'])
    expect(readFileSync(join(task.dir, 'logs', 'stdout'), 'utf8')).toContain(`corrected ${list()}`)
    expect(driver.inspect(task)).toEqual({ is: 'running' })
  })

  it('is only reported when that is asked for, until it is gone', async () => {
    const task = taskOf({ files: files(), on_drift: 'report' })
    await start(task)
    disturb()
    await eventually(() =>
      expect(driver.inspect(task)).toEqual({
        is: 'running',
        degraded: { code: 'drifted', message: `3 of 3 files have drifted: ${list()}` },
      }),
    )
    for (const name of ['a', 'b', 'c']) writeFileSync(at(`${name}.conf`), name)
    chmodSync(at('b.conf'), 0o644)
    await eventually(() => expect(driver.inspect(task)).toEqual({ is: 'running' }))
  })

  it('that returns again and again is a problem, and so is a reader who does not listen', async () => {
    const task = taskOf({ files: files() })
    await start(task)
    const rival = setInterval(() => appendFileSync(at('a.conf'), 'x'), 20)
    await eventually(() => expect(driver.inspect(task)).toMatchObject({ degraded: { code: 'drift_returns' } }))
    clearInterval(rival)
    await eventually(() => expect(driver.inspect(task)).toEqual({ is: 'running' }))
    const deaf = { command: 'sh', args: ['-c', `test ! -e ${join(dir, 'deaf')}`] }
    const other = taskOf({ files: [file('d.conf', 'd')], reload: deaf })
    await start(other)
    writeFileSync(join(dir, 'deaf'), '')
    rmSync(at('d.conf'))
    await eventually(() => expect(driver.inspect(other)).toMatchObject({ degraded: { code: 'reload_failed' } }))
    expect(read('d.conf')).toBe('d')
    rmSync(join(dir, 'deaf'))
    await eventually(() => expect(driver.inspect(other)).toEqual({ is: 'running' }))
  })

  it('is looked for by the next agent as well, and no more after a stop', async () => {
    const task = taskOf({ files: files() })
    await start(task)
    const former = driver
    driver = makeDriver()
    await driver.recover?.()
    expect(driver.inspect(task)).toEqual({ is: 'running' })
    await former.stop({ ...task, dir: join(dir, 'nowhere') }, { graceMs: 0 })
    rmSync(at('a.conf'))
    await eventually(() => expect(read('a.conf')).toBe('a'))
    await driver.stop(task, { graceMs: 0 })
    expect(driver.inspect(task)).toEqual({ is: 'absent' })
    expect(makeDriver().inspect(task)).toEqual({ is: 'absent' })
  })
})

describe('an agent that is killed', () => {
  it('before the change was done puts everything back and tells the reader; after it, keeps everything', async () => {
    writeFileSync(at('a.conf'), 'old')
    // The reload leaves the state of that moment behind: what an agent killed in it finds.
    const snapshot = join(dir, 'snapshot')
    const reload = {
      command: 'sh',
      args: [
        '-c',
        `test -e ${snapshot} || cp -a ${join(dataDir, 'tasks')} ${snapshot}; cat ${at('a.conf')} >> ${join(dir, 'told')}`,
      ],
    }
    const task = taskOf({ files: [file('a.conf', 'new'), file('sub/b.conf', 'b')], reload })
    await start(task)
    expect(told()).toBe('new')
    await driver.stop(task, { graceMs: 0 })
    rmSync(join(dataDir, 'tasks'), { recursive: true })
    cpSync(snapshot, join(dataDir, 'tasks'), { recursive: true })
    driver = makeDriver()
    await driver.recover?.()
    expect([read('a.conf'), told(), readdirSync(etc)]).toEqual(['old', 'newold', ['a.conf']])
    expect(driver.inspect(task)).toEqual({ is: 'absent' })
    await start(task)
    expect([read('a.conf'), read('sub/b.conf')]).toEqual(['new', 'b'])
    // Killed between the two last steps: the intent is still there, and the change is done.
    await writeIntent(task.dir, {
      attempt: 1,
      job: task.job,
      stateDir: task.stateDir,
      reload,
      reloading: true,
      leaving: [],
      changes: [{ path: at('a.conf'), before: { is: 'absent' }, folders: [] }],
    })
    driver = makeDriver()
    await driver.recover?.()
    expect([read('a.conf'), readIntent(task.dir), driver.inspect(task)]).toEqual(['new', undefined, { is: 'running' }])
  })

  it('is followed by one whose start no reader can hold up for long', async () => {
    const task = taskOf({})
    writeFileSync(at('a.conf'), 'half')
    await writeIntent(task.dir, {
      attempt: 1,
      job: task.job,
      stateDir: task.stateDir,
      reload: { command: 'sleep', args: ['1000'], timeout: '1h' },
      reloading: true,
      leaving: [],
      changes: [{ path: at('a.conf'), before: { is: 'absent' }, folders: [] }],
    })
    await makeDriver([etc], 100).recover?.()
    expect([readdirSync(etc), readIntent(task.dir)]).toEqual([[], undefined])
  })

  it('in the middle of the files: none of them is left changed', async () => {
    for (const name of ['a', 'b', 'c']) writeFileSync(at(name), `old ${name}`)
    const files = [file('a', 'new a'), file('b', 'new b'), file('c', 'new c')]
    const task = taskOf({ files })
    // A folder that appears where the second temporary file goes stops the change half way.
    mkdirSync(at(`.b.dunlin-${task.execution}`))
    await expect(start(task)).rejects.toThrow(/could be put back: .*b\.dunlin/)
    expect([read('a'), read('b'), read('c')]).toEqual(['old a', 'old b', 'old c'])
    rmSync(at(`.b.dunlin-${task.execution}`), { recursive: true })
    await start(task)
    expect([read('a'), read('b'), read('c')]).toEqual(['new a', 'new b', 'new c'])
  })
})

describe('a job that leaves', () => {
  it('leaves its files, or what was there before it, as its config says', async () => {
    writeFileSync(at('a.conf'), 'original')
    const job = (config: Partial<ConfigConfig>) => taskOf({ on_remove: 'restore', ...config })
    const first = job({ files: [file('a.conf', 'v1'), file('new/b.conf', 'v1')] })
    await start(first)
    await driver.stop(first, { graceMs: 0 })
    // The next version names one file less: that one goes at once, the other is kept in mind.
    const second = job({ files: [file('a.conf', 'v2')], reload: reloadShowing('a.conf') })
    await start(second)
    expect([read('a.conf'), readdirSync(etc)]).toEqual(['v2', ['a.conf']])
    await driver.stop(second, { graceMs: 0 })
    expect(read('a.conf')).toBe('v2')
    await driver.removed?.(second)
    expect([read('a.conf'), told()]).toEqual(['original', 'v2original'])
    const keeping = taskOf({ files: [file('a.conf', 'v3')] })
    await start(keeping)
    await driver.stop(keeping, { graceMs: 0 })
    await driver.removed?.(keeping)
    expect(read('a.conf')).toBe('v3')
  })
})
