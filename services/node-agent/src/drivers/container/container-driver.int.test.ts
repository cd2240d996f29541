/** The container driver with a real Podman. Skipped, with the reason printed, where there is none. */
import type { ContainerConfig, Content, ExecutionId } from '@dunlin/contracts/agent'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { driverOf } from '../../testing/container-driver.ts'
import { startTestEngine, type TestEngine } from '../../testing/engine.ts'
import type { Driver, Task } from '../driver.ts'
import { ownerOf } from './container-driver.ts'
import { openEngine } from './engine.ts'
import { sweepContainers } from './sweep.ts'

const started = await startTestEngine()
const podman: TestEngine | undefined = 'missing' in started ? undefined : started
if ('missing' in started) process.stdout.write(`skipped: ${started.missing}\n`)

let dataDir: string
let driver: Driver
const address = { is: 'socket', path: podman?.socket ?? '/nowhere' } as const
const engine = openEngine(address)

const AGENT = fileURLToPath(new URL('../../testing/container-agent.ts', import.meta.url))

const settings = () => ({ socket: address.path, dataDir, allowedVolumes: [join(dataDir, 'open')] })
const newDriver = (): Driver => driverOf(settings())

beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'dunlin-containers-'))
  for (const part of ['tasks', 'open', 'closed']) mkdirSync(join(dataDir, part))
  driver = newDriver()
})
afterAll(async () => {
  await podman?.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

let tasks = 0
const taskOf = (script: string, config: Partial<ContainerConfig> = {}, over: Partial<Content> = {}): Task => {
  const execution = `01JCCCCCCCCCCCCCCCCCCCCC${String((tasks += 1)).padStart(2, '0')}` as ExecutionId
  return {
    execution,
    job: { namespace: 'default', name: 'c' },
    attempt: 1,
    content: {
      type: 'container',
      config: { image: podman?.image, command: ['sh', '-c', script], network: 'none', ...config },
      restartPolicy: 'on-failure',
      executionTimeoutMs: 0,
      ...over,
    },
    dir: join(dataDir, 'tasks', execution),
    stateDir: join(dataDir, 'state', execution),
  }
}

const start = (task: Task, by: Driver = driver, secrets: Record<string, string> = {}): Promise<void> =>
  by.start(task, { onExit: () => {}, onProgress: () => {}, signal: new AbortController().signal, secrets })

const failure = (task: Task): Promise<unknown> => start(task).catch((error: unknown) => error)

const ended = async (task: Task, by: Driver = driver) => {
  await vi.waitFor(() => expect(by.inspect(task).is).not.toBe('running'), { timeout: 60_000, interval: 20 })
  await by.stop(task, { graceMs: 0 })
  return by.inspect(task)
}

const out = (task: Task, stream = 'stdout'): string => readFileSync(join(task.dir, 'logs', stream), 'utf8')

describe.skipIf(!podman)('the container driver', () => {
  it('runs a container, tells its exit code, keeps its output, and removes it', async () => {
    writeFileSync(join(dataDir, 'open', 'file'), 'from the node')
    const task = taskOf(
      'echo out $NAME $SECRET $DUNLIN_JOB; echo err >&2; cat /mnt/file; id -u; echo x > /state/x; touch /no 2>&1; exit 7',
      {
        env: { NAME: 'name' },
        user: 'user',
        volumes: [{ source: join(dataDir, 'open'), target: '/mnt', read_only: true }],
        state_dir: '/state',
        read_only: true,
        cap_drop: ['ALL'],
        tmpfs: [{ target: '/scratch', size: '1MiB' }],
      },
      { resources: { memory: 64 * 1024 ** 2, cpus: 0.5, pids: 50 } },
    )
    expect(driver.inspect(task)).toEqual({ is: 'absent' })
    mkdirSync(task.stateDir, { recursive: true, mode: 0o777 })
    await start(task, driver, { SECRET: 'hush' })
    expect(await ended(task)).toMatchObject({ is: 'exited', code: 7, signal: null })
    expect(out(task)).toMatch(/^out name hush c\nfrom the node1000\n/)
    expect(out(task)).toContain('Read-only file system')
    expect(out(task, 'stderr')).toContain('err\n')
    expect(readFileSync(join(task.dir, 'container.json'), 'utf8')).not.toContain('hush')
    expect(await engine.list(ownerOf({ node: 'node-1', dataDir }))).toEqual([])
  })

  it.each([
    ['a missing image that nobody may fetch', { image: 'localhost/none:1', pull: 'never' }, 'image_not_found', true],
    ['a command that the image does not have', { command: '/nope' }, 'unknown_command', true],
    ['a user that the image does not know', { user: 'nobody42' }, 'unknown_user', true],
    ['a folder that is not open', { volumes: [{ source: '/etc', target: '/x' }] }, 'path_not_allowed', true],
  ] satisfies [string, Partial<ContainerConfig>, string, boolean][])(
    'says why not: %s',
    async (_, config, code, permanent) => {
      const task = taskOf('exit 0', config)
      expect(await failure(task)).toMatchObject({ name: 'TaskError', permanent, problem: { code } })
      expect(driver.inspect(task)).toEqual({ is: 'absent' })
    },
  )

  it('asks by signal, kills what does not listen, and runs commands for probes', async () => {
    const polite = taskOf(`trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.1; done`)
    const deaf = taskOf(`trap '' TERM; echo up; while :; do sleep 1; done`, { stop_grace: '300ms' })
    await Promise.all([start(polite), start(deaf)])
    await vi.waitFor(() => expect([out(polite), out(deaf)]).toEqual(['up\n', 'up\n']), 60_000)
    const control = { timeoutMs: 60_000, signal: new AbortController().signal }
    expect(await driver.exec?.(polite, ['sh', '-c', 'echo hello; exit 4'], control)).toEqual({
      code: 4,
      output: 'hello\n',
    })
    expect(await driver.exec?.(polite, ['sleep', '60'], { ...control, timeoutMs: 200 })).toMatchObject({ code: null })
    await Promise.all([polite, deaf].map((task) => driver.stop(task, { graceMs: 60_000 })))
    expect(driver.inspect(polite)).toMatchObject({ is: 'exited', code: 3 })
    expect(out(polite)).toBe('up\nbye\n')
    expect(driver.inspect(deaf)).toMatchObject({ is: 'exited', code: 137, signal: 'SIGKILL' })
  })

  it('is found again by the next agent, also after the engine was killed, without a line lost or doubled', async () => {
    const task = taskOf('for i in $(seq 1 300); do echo line $i; [ $((i % 50)) -eq 0 ] && sleep 0.2; done; exit 9')
    // An agent that is killed with -9 in the middle of reading.
    const first = fork(AGENT, [JSON.stringify({ ...settings(), task })], { execArgv: ['--conditions=dunlin-source'] })
    await vi.waitFor(() => expect(out(task)).toContain('line 100\n'), 60_000)
    const gone = once(first, 'exit')
    first.kill('SIGKILL')
    await gone
    await podman?.kill()
    const next = newDriver()
    const recovering = next.recover?.()
    expect(next.inspect(task)).toEqual({ is: 'running' })
    await podman?.restart()
    await recovering
    expect(await ended(task, next)).toMatchObject({ is: 'exited', code: 9 })
    expect(out(task)).toBe(Array.from({ length: 300 }, (_, index) => `line ${index + 1}\n`).join(''))
  })

  it('takes up a start that an agent did not live to write down', async () => {
    const task = taskOf('sleep 0.3; exit 5')
    await start(task)
    rmSync(join(task.dir, 'container.json'))
    const next = newDriver()
    expect(next.inspect(task)).toEqual({ is: 'absent' })
    await start(task, next)
    expect(await engine.list(ownerOf({ node: 'node-1', dataDir }))).toHaveLength(1)
    expect(await ended(task, next)).toMatchObject({ is: 'exited', code: 5 })
  })

  it('tells a container that somebody removed from one that ended', async () => {
    const task = taskOf('sleep 100')
    await start(task)
    const [listed] = await engine.list(ownerOf({ node: 'node-1', dataDir }))
    await engine.remove(listed?.id ?? '')
    const how = await ended(task)
    // Docker shows the end by signal 9 for a moment, Podman only that nothing is there any more.
    expect(how.is === 'exited' ? how.code : how.is).toBe(how.is === 'exited' ? 137 : 'lost')
  })

  it('ends without an agent, and the next agent knows how', async () => {
    const task = taskOf('trap "exit 6" TERM; while :; do sleep 0.1; done')
    await start(task)
    expect(await sweepContainers(dataDir, 60_000)).toBe(1)
    expect(await engine.list(ownerOf({ node: 'node-1', dataDir }))).toEqual([])
    expect(newDriver().inspect(task)).toMatchObject({ is: 'exited', code: 6 })
    expect(await sweepContainers(dataDir, 60_000)).toBe(0)
  })

  it('loses nothing of an output that is faster than the engine tells', async () => {
    const task = taskOf('yes 0123456789012345678901234567890123456789 | head -n 100000')
    await start(task)
    expect(await ended(task)).toMatchObject({ code: 0 })
    expect(out(task).length).toBe(100_000 * 41)
  })
})
