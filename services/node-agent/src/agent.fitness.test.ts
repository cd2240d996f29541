/** The agent with real processes: what probes, quotas and secrets make of an execution, up to the log and the heartbeats. */
import type { Content, DesiredExecution, Transition } from '@dunlin/contracts/agent'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RunningAgent } from './agent.ts'
import { killTasks } from './drivers/kill-tasks.ts'
import { createSecrets } from './secrets/source.ts'
import { createCentre, type Centre } from './testing/centre.ts'
import { documentOf, entryFor, makeDataDir, NODE, sh, startNode, type NodeOptions } from './testing/node.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 })

let centre: Centre
let dataDir: string
let agents: RunningAgent[]

beforeEach(() => {
  centre = createCentre()
  dataDir = makeDataDir()
  agents = []
})
afterEach(async () => {
  for (const agent of agents) await agent.stop().catch(() => {})
  await killTasks(dataDir, 0)
  rmSync(dataDir, { recursive: true, force: true })
})

const run = async (
  script: string,
  content: Partial<Content>,
  options: Partial<NodeOptions> = {},
): Promise<DesiredExecution> => {
  agents.push(await startNode(centre, { dataDir, ...options }))
  const one = entryFor(centre, 5, sh(script, content))
  centre.write(documentOf(5, one), NODE)
  return one
}

const eventually = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 25_000, interval: 10 })

const told = ({ execution }: DesiredExecution): Transition[] =>
  centre.commits
    .flatMap(({ commit }) => commit.ev)
    .flatMap((event) => (event.type === 'ExecutionReported' && event.execution === execution ? [event] : []))
const windows = () => centre.heartbeats.at(-1)?.ex[0]?.w ?? []
const localFile = (one: DesiredExecution, name: string): string => join(dataDir, 'tasks', one.execution, 'local', name)

const probe = (file: string, more: object = {}) => ({
  exec: { command: ['test', '-e', file] },
  interval: '30ms',
  timeout: '5s',
  ...more,
})

describe('a startup probe', () => {
  it('keeps the execution starting, and its windows silent, until it passes', async () => {
    const health = { startup: probe('up', { failure_threshold: 1000 }) }
    const one = await run('while [ ! -e go ]; do sleep 0.02; done; touch up; sleep 60', { health })
    await eventually(() =>
      expect(centre.heartbeats.filter(({ ex }) => ex[0]?.st === 'starting').length).toBeGreaterThan(5),
    )
    expect(windows()).toEqual([])
    expect(centre.states(one.execution)).toEqual(['starting'])
    writeFileSync(localFile(one, 'go'), '')
    await eventually(() => expect(centre.states(one.execution)).toEqual(['starting', 'running']))
    await eventually(() => expect(windows().at(-1)?.[3]).toBe(''))
  })

  it('that fails for good fails the attempt', async () => {
    const health = { startup: probe('up', { failure_threshold: 2 }) }
    const one = await run('sleep 60', { health, restartPolicy: 'never' })
    await eventually(() => expect(centre.states(one.execution)).toEqual(['starting', 'failed']))
    expect(told(one).at(-1)).toMatchObject({
      error: { code: 'startup_failed', message: expect.stringContaining('2 times') },
    })
  })
})

describe('a readiness probe', () => {
  it('that fails degrades the execution and disturbs its windows, until it passes again', async () => {
    const health = { readiness: probe('ready', { failure_threshold: 1 }) }
    const one = await run('touch ready; sleep 60', { health })
    // It may have been asked before the task had made the file.
    await eventually(() => {
      expect(centre.states(one.execution).at(-1)).toBe('running')
      expect(windows().at(-1)?.[3]).toBe('')
    })
    rmSync(localFile(one, 'ready'))
    await eventually(() => expect(centre.states(one.execution).at(-1)).toBe('degraded'))
    expect(told(one).at(-1)).toMatchObject({ attempt: 1, error: { code: 'not_ready' } })
    await eventually(() => expect(windows().at(-1)?.[3]).toBe('p'))
    writeFileSync(localFile(one, 'ready'), '')
    await eventually(() => expect(centre.states(one.execution).at(-1)).toBe('running'))
    expect(told(one).at(-1)).toMatchObject({ attempt: 1 })
  })
})

describe('a liveness probe', () => {
  it('that fails ends the attempt, and the restart policy begins another one', async () => {
    const health = { liveness: probe('../../ok', { failure_threshold: 2 }) }
    const one = await run('sleep 60', { health })
    await eventually(() => expect(told(one)).toContainEqual(expect.objectContaining({ state: 'degraded', attempt: 1 })))
    const first = told(one).find(({ state }) => state === 'degraded')
    expect(first).toMatchObject({
      error: { code: 'liveness_failed', message: 'The liveness probe failed 2 times in a row: exit code 1.' },
      nextAttemptAt: expect.any(Number) as number,
    })
    writeFileSync(join(dataDir, 'tasks', 'ok'), '')
    await eventually(() => expect(told(one).at(-1)?.state).toBe('running'))
    // The second, unless that one began and failed before the file was there.
    expect(told(one).at(-1)?.attempt).toBeGreaterThanOrEqual(2)
  })
})

describe('a task that fills its directory', () => {
  it('fails for good when it is above its quota', async () => {
    const script = 'head -c 3000000 /dev/zero > big; sleep 60'
    const one = await run(script, { resources: { disk: 1_000_000 }, restartPolicy: 'always' })
    await eventually(() => expect(told(one).at(-1)).toMatchObject({ state: 'failed', error: { code: 'disk_quota' } }))
  })
})

describe('secrets', () => {
  const VALUE = 'hunter2-very-secret'
  const content = {
    secretProviders: { f: { provider: 'file' } },
    secrets: { PASSWORD: { from: 'f', path: 'password' } },
  }
  const filesBelow = (folder: string): string[] =>
    readdirSync(folder).flatMap((name) => {
      const path = join(folder, name)
      return statSync(path).isDirectory() ? filesBelow(path) : [path]
    })

  it('reach the task, and no file, report or log of the agent', async () => {
    const dir = makeDataDir()
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, 'password'), `${VALUE}\n`)
    const lines: string[] = []
    const log = (...all: unknown[]): void => void lines.push(JSON.stringify(all))
    const logger = { debug: log, info: log, warn: log, error: log, child: () => logger }
    const one = await run(
      `[ "$PASSWORD" = ${VALUE.split('')
        .map((char) => `"${char}"`)
        .join('')} ] && touch right; sleep 60`,
      content,
      { secrets: createSecrets({ dir, allowedEnv: [], env: {} }), logger },
    )
    await eventually(() => expect(centre.states(one.execution)).toEqual(['starting', 'running']))
    await eventually(() => expect(readdirSync(join(dataDir, 'tasks', one.execution, 'local'))).toEqual(['right']))
    for (const file of filesBelow(dataDir)) expect(readFileSync(file, 'latin1')).not.toContain('hunter2')
    expect(JSON.stringify(centre.commits) + lines.join('\n')).not.toContain('hunter2')
    rmSync(dir, { recursive: true })
  })

  it('that are missing fail the execution at once, by name', async () => {
    const secrets = createSecrets({ dir: dataDir, allowedEnv: [], env: {} })
    const one = await run('sleep 60', { ...content, restartPolicy: 'always' }, { secrets })
    await eventually(() => expect(centre.states(one.execution)).toEqual(['starting', 'failed']))
    expect(told(one).at(-1)).toMatchObject({
      attempt: 1,
      error: { code: 'missing_secret', message: expect.stringContaining('PASSWORD') as string },
    })
  })
})
