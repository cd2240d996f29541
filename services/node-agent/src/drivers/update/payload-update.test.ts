/** Payloads in a folder of the test's own, with real commands. */
import type { Content, UpdateConfig } from '@dunlin/contracts/agent'
import { sha256 } from '@dunlin/runtime/agent'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createArtifacts } from '../../artifacts/fetch.ts'
import { makeDataDir, newId } from '../../testing/node.ts'
import { TaskError, type Driver, type Task } from '../driver.ts'
import { updateDriver } from './update-driver.ts'

// A busy machine may be slow; nothing here waits longer than it must.
vi.setConfig({ testTimeout: 60_000 })
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 25_000, interval: 10 })

let dir: string
let driver: Driver

beforeEach(() => {
  dir = makeDataDir()
  driver = makeDriver()
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const makeDriver = (): Driver =>
  updateDriver({
    artifacts: createArtifacts({
      dir: join(dir, 'artifacts'),
      cacheBytes: 1_000_000,
      policy: { roots: [dir], allowLinkLocal: false },
    }),
    dataDir: dir,
    agent: { version: '1.0.0', home: undefined, end: () => {} },
  })

const artifact = (body: string) => {
  const path = join(dir, `source-${sha256(body).slice(0, 8)}`)
  writeFileSync(path, body)
  return { source: pathToFileURL(path).href, sha256: sha256(body) as string }
}
const file = (path: string, body: string) => ({ path, ...artifact(body) })
const taskOf = (config: Partial<UpdateConfig>, attempt = 1): Task => {
  const execution = newId() as Task['execution']
  const content: Content = {
    type: 'update',
    config: { target: 'tool', healthy_within: '30s', ...config },
    restartPolicy: 'on-failure',
    executionTimeoutMs: 0,
  }
  const job = { namespace: 'default', name: 'update-tool' }
  return { execution, job, attempt, content, dir: join(dir, 'tasks', execution), stateDir: join(dir, 'state') }
}
const told: string[] = []
const start = (task: Task, signal = new AbortController().signal): Promise<void> =>
  driver.start(task, { onExit: () => {}, onProgress: (text) => told.push(text), signal })
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof TaskError)) throw new Error(`expected a TaskError, got ${String(error)}`)
  return `${error.problem.code}${error.permanent ? '' : ' (again later)'}: ${error.message}`
}
const over = (task: Task) =>
  vi.waitFor(
    () => {
      const found = driver.inspect(task)
      if (found.is !== 'exited') throw new Error(found.is)
      return found
    },
    { timeout: 10_000, interval: 20 },
  )
const home = (): string => join(dir, 'payloads', 'tool')
const current = (name: string): string => readFileSync(join(home(), 'current', name), 'utf8')
const script = (text: string) => ({ command: 'sh', args: ['-c', text] })
const log = (): string => (existsSync(join(dir, 'log')) ? readFileSync(join(dir, 'log'), 'utf8') : '')
const bring = async (version: string, body: string, more: Partial<UpdateConfig> = {}): Promise<Task> => {
  const task = taskOf({ version, files: [file('tool', body)], ...more })
  await start(task)
  await over(task)
  return task
}

describe('an update of a payload', () => {
  it('is staged, applied, switched to, restarted and checked, in this order', async () => {
    const say = (what: string) =>
      script(`echo "${what} $DUNLIN_VERSION $(cat "$DUNLIN_CURRENT/tool" 2>/dev/null)" >> ${join(dir, 'log')}`)
    const steps = { apply: say('apply'), restart: say('restart'), check: say('check') }
    const task = await bring('1.0.0', 'one', steps)
    expect(driver.inspect(task)).toMatchObject({ is: 'exited', code: 0 })
    expect(log()).toBe('apply 1.0.0 \nrestart 1.0.0 one\ncheck 1.0.0 one\n')
    expect(statSync(join(home(), 'current', 'tool')).mode & 0o777).toBe(0o755)
    await bring('1.1.0', 'two', steps)
    expect(log()).toContain('apply 1.1.0 one\nrestart 1.1.0 two\ncheck 1.1.0 two\n')
    await bring('1.2.0', 'three')
    expect(readdirSync(join(home(), 'versions')).toSorted()).toEqual(['1.1.0', '1.2.0'])
  })

  it('that is there already is done without a step', async () => {
    await bring('1.0.0', 'one')
    const task = await bring('1.0.0', 'one', { restart: script(`echo restarted >> ${join(dir, 'log')}`) })
    expect([driver.inspect(task), log()]).toMatchObject([{ is: 'exited', code: 0 }, ''])
  })

  it('goes back by itself when the new one is not healthy in time, and restarts the old one', async () => {
    await bring('1.0.0', 'good')
    const restart = script(`cat "$DUNLIN_CURRENT/tool" >> ${join(dir, 'log')}`)
    const check = script('echo looking; grep -q good "$DUNLIN_CURRENT/tool"')
    const task = taskOf({ version: '2.0.0', files: [file('tool', 'bad')], restart, check, healthy_within: '2s' })
    await start(task)
    expect(await over(task)).toMatchObject({
      code: 1,
      permanent: true,
      error: {
        code: 'update_reverted',
        message: expect.stringMatching(
          /^Version 2\.0\.0 was switched back to 1\.0\.0: .*within 2 s: sh ended with exit code 1: looking/,
        ),
      },
    })
    expect([current('tool'), log()]).toEqual(['good', 'badgood'])
  })

  it('of the first version that cannot even be restarted leaves nothing in use', async () => {
    const task = taskOf({ version: '1.0.0', files: [file('tool', 'x')], restart: { command: '/no/such/program' } })
    await start(task)
    expect(await over(task)).toMatchObject({ error: { message: expect.stringContaining('/no/such/program') } })
    expect(existsSync(join(home(), 'current'))).toBe(false)
  })

  it('changes nothing when it cannot be staged or applied, or would go back in time', async () => {
    await bring('1.0.0', 'one')
    const wrong = { ...file('tool', 'two'), sha256: sha256('three') }
    expect(await codeOf(start(taskOf({ version: '1.1.0', files: [wrong] })))).toMatch(/^wrong_digest: /)
    const apply = script('echo no room; exit 9')
    expect(await codeOf(start(taskOf({ version: '1.1.0', files: [file('tool', 'two')], apply })))).toBe(
      'apply_failed (again later): Nothing was switched: sh ended with exit code 9: no room',
    )
    expect(await codeOf(start(taskOf({ version: '0.9.0', files: [file('tool', 'old')] })))).toMatch(
      /^downgrade_refused: tool is at 1\.0\.0/,
    )
    expect(await codeOf(start(taskOf({ version: '1.0.0', files: [file('tool', 'other')] })))).toMatch(
      /^downgrade_refused: .*another content/,
    )
    expect(current('tool')).toBe('one')
    await bring('1.0.0', 'other', { allow_downgrade: true })
    expect(current('tool')).toBe('other')
    await bring('0.9.0', 'old', { allow_downgrade: true })
    expect(current('tool')).toBe('old')
  })

  it('of the agent needs the launcher', async () => {
    const task = taskOf({ target: 'agent', version: '2.0.0', files: undefined, artifact: artifact('x') })
    expect(await codeOf(start(task))).toMatch(/^no_launcher: /)
  })
})

describe('two updates at once', () => {
  it('wait for each other, and one that is not wanted any more stops waiting', async () => {
    const gate = join(dir, 'gate')
    const first = taskOf({
      version: '1.0.0',
      files: [file('tool', 'one')],
      check: script(`test -e ${gate}`),
      healthy_within: '20s',
    })
    await start(first)
    told.length = 0
    const second = taskOf({ target: 'other', version: '1.0.0', files: [file('x', 'x')] })
    const third = taskOf({ target: 'third', version: '1.0.0', files: [file('x', 'x')] })
    const gone = new AbortController()
    const starts = [start(second), start(third, gone.signal)]
    await eventually(() => expect(told).toEqual(Array(2).fill('waiting for the update of tool')))
    expect(driver.inspect(second)).toEqual({ is: 'starting' })
    gone.abort(new Error('not wanted'))
    await expect(starts[1]).rejects.toThrow('not wanted')
    mkdirSync(gate)
    await starts[0]
    expect([await over(first), await over(second)]).toMatchObject([{ code: 0 }, { code: 0 }])
  })
})

describe('an update in the middle of which', () => {
  const slow = (): Partial<UpdateConfig> => ({
    check: script(`test -e ${join(dir, 'healthy')}`),
    healthy_within: '20s',
  })

  it('the agent is killed is gone on with by the next one', async () => {
    await bring('1.0.0', 'one')
    const task = taskOf({ version: '2.0.0', files: [file('tool', 'two')], ...slow() })
    await start(task)
    await eventually(() => expect(current('tool')).toBe('two'))
    const killed = driver
    driver = makeDriver()
    expect(driver.inspect(task)).toEqual({ is: 'running' })
    mkdirSync(join(dir, 'healthy'))
    expect(await over(task)).toMatchObject({ code: 0 })
    await killed.stop(task, { graceMs: 0 })
  })

  it('the job is stopped goes back', async () => {
    await bring('1.0.0', 'one')
    const task = taskOf({ version: '2.0.0', files: [file('tool', 'two')], ...slow() })
    await start(task)
    await eventually(() => expect(current('tool')).toBe('two'))
    await driver.stop(task, { graceMs: 0 })
    expect(current('tool')).toBe('one')
  })
})
