/** The process driver with real processes, and real control groups where the machine lets them be made. */
import { createHash } from 'node:crypto'
import type { Content, ExecutionId } from '@dunlin/contracts/agent'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createArtifacts } from '../../artifacts/fetch.ts'
import { noCgroups, type CgroupBackend } from '../../cgroups/backend.ts'
import { findCgroups } from '../../cgroups/find.ts'
import { ownFolders } from '../../cgroups/own-folders.ts'
import { readTaskGroup } from '../../cgroups/task-group.ts'
import { v2Backend } from '../../cgroups/v2.ts'
import { newId } from '../../testing/node.ts'
import type { Driver, Inspected, Task } from '../driver.ts'
import { isAlive, markedProcesses, readProc } from '../proc.ts'
import { readPid, readText } from '../task-dir.ts'
import { processDriver } from './process-driver.ts'

const machine = findCgroups(`test-${process.pid}`)
const limited = machine.enforces.has('memory') && machine.enforces.has('pids') && machine.contains
if (!limited) process.stdout.write(`limits are not tested: ${machine.reason ?? 'no control groups'}\n`)
const isRoot = process.getuid?.() === 0
if (!isRoot) process.stdout.write('accounts are not tested: the tests do not run as root\n')

let root: string
let tasks: { readonly driver: Driver; readonly task: Task }[]
beforeEach(() => {
  // Another account must find the way there, which a private temporary folder does not allow.
  root = mkdtempSync(join(isRoot ? '/tmp' : tmpdir(), 'dunlin-process-'))
  chmodSync(root, 0o700)
  tasks = []
})
afterEach(async () => {
  for (const { driver, task } of tasks) await driver.stop(task, { graceMs: 0 })
  rmSync(root, { recursive: true, force: true })
})

const driverWith = (cgroups: CgroupBackend = machine): Driver =>
  processDriver({
    node: { id: 'n1', labels: { site: 'here' } },
    limits: { cgroups, advisory: false },
    artifacts: createArtifacts({
      dir: join(root, 'artifacts'),
      cacheBytes: 1e6,
      policy: { roots: [root], allowLinkLocal: false },
    }),
  })

const taskOf = (config: object, more: Partial<Content> = {}): Task => {
  const execution = newId() as ExecutionId
  return {
    execution,
    job: { namespace: 'default', name: 'p' },
    attempt: 1,
    content: {
      type: 'process',
      config: { command: 'sh', ...config },
      restartPolicy: 'never',
      executionTimeoutMs: 0,
      ...more,
    },
    dir: join(root, 'data', 'tasks', execution),
    stateDir: join(root, 'data', 'state', 'j1'),
  }
}

const start = async (
  config: object,
  { driver = driverWith(), secrets = {}, ...more }: Partial<Content> & { driver?: Driver; secrets?: object } = {},
) => {
  const task = taskOf(config, more)
  tasks.push({ driver, task })
  const control = { onExit: () => {}, onProgress: () => {}, signal: new AbortController().signal }
  await driver.start(task, { ...control, secrets: secrets as Record<string, string> })
  return { driver, task }
}

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

const eventually = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 20_000, interval: 10 })

const endOf = async (driver: Driver, task: Task): Promise<Inspected> => {
  await eventually(() => expect(driver.inspect(task).is).toBe('exited'))
  return driver.inspect(task)
}
const outputOf = (task: Task): string => readFileSync(join(task.dir, 'logs', 'stdout'), 'utf8')

describe('what is there before the command', () => {
  it('files, templates, artifacts, hooks, environment and umask', async () => {
    const bytes = 'echo from the artifact\n'
    writeFileSync(join(root, 'tool.sh'), bytes)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const artifact = { source: `file://${join(root, 'tool.sh')}`, sha256 }
    const { driver, task } = await start(
      {
        args: ['-c', 'cat etc/app.conf made; ./bin/tool; umask; echo $SECRET; cat $DUNLIN_STATE_DIR/x'],
        env: { COLOUR: 'blue' },
        umask: '0027',
        files: [
          { path: 'etc/app.conf', template: '{{ node.id }} {{ node.labels.site }} {{ job.name }} {{ env.COLOUR }}\n' },
        ],
        artifacts: [{ ...artifact, destination: 'bin/tool', mode: '0755' }],
        pre_start: [{ command: 'sh', args: ['-c', 'echo hook > made; echo state > $DUNLIN_STATE_DIR/x'] }],
        post_stop: [{ command: 'sh', args: ['-c', 'echo after > after'] }],
      },
      { secrets: { SECRET: 'hidden' } },
    )
    expect(await endOf(driver, task)).toMatchObject({ code: 0 })
    expect(outputOf(task)).toBe('n1 here p blue\nhook\nfrom the artifact\n0027\nhidden\nstate\n')
    await driver.stop(task, { graceMs: 0 })
    await driver.stop(task, { graceMs: 0 })
    expect(readFileSync(join(task.dir, 'local', 'after'), 'utf8')).toBe('after\n')
    expect(statSync(join(task.dir, 'local', 'etc', 'app.conf')).mode & 0o777).toBe(0o600)
  })

  it.each([
    [{ files: [{ path: 'a', template: '{{ env.NOPE }}' }] }, 'template_failed', true],
    [{ files: [{ path: 'a', template: "{% include '/etc/passwd' %}" }] }, 'template_failed', true],
    [{ pre_start: [{ command: 'false' }] }, 'hook_failed', false],
    [{ pre_start: [{ command: 'sleep', args: ['60'], timeout: '50ms' }] }, 'hook_failed', false],
    [{ pre_start: [{ command: 'no-such-program' }] }, 'unknown_command', true],
    [{ user: 'no-such-user' }, 'unknown_user', true],
    [{ rlimits: { nofile: 4_000_000_000 } }, 'limits_unsupported', true],
  ])('%j fails the attempt', async (config, code, permanent) => {
    expect(await failureOf(start({ args: ['-c', ':'], ...config }))).toMatchObject({ problem: { code }, permanent })
  })

  it('follows no link that an attempt before left in the place of a folder', async () => {
    const task = taskOf({ args: ['-c', ':'], files: [{ path: 'out/x', content: 'x' }] })
    mkdirSync(join(task.dir, 'local'), { recursive: true })
    symlinkSync(root, join(task.dir, 'local', 'out'))
    const control = { onExit: () => {}, onProgress: () => {}, signal: new AbortController().signal }
    expect(await failureOf(driverWith().start(task, control))).toMatchObject({ problem: { code: 'file_refused' } })
    expect(existsSync(join(root, 'x'))).toBe(false)
  })

  it.runIf(isRoot)('another account, with its own limits', async () => {
    const config = {
      args: ['-c', 'id -u; id -g; id -G; ulimit -n; echo x > $HOME/mine && echo wrote; cat ../task.json'],
      user: '12345',
      rlimits: { nofile: 77 },
    }
    expect(await failureOf(start(config))).toMatchObject({ problem: { code: 'user_refused' }, permanent: true })
    chmodSync(root, 0o711)
    const { driver, task } = await start(config)
    writeFileSync(join(task.dir, 'task.json'), 'private', { mode: 0o600 })
    await endOf(driver, task)
    expect(outputOf(task)).toBe('12345\n12345\n12345\n77\nwrote\n')
  })
})

describe('a command beside the running one', () => {
  it('has its environment, secrets included, and its time', async () => {
    const { driver, task } = await start({ command: 'sleep', args: ['60'] }, { secrets: { SECRET: 'hidden' } })
    const signal = new AbortController().signal
    const exec = (command: string[], timeoutMs = 10_000) => driver.exec?.(task, command, { timeoutMs, signal })
    expect(await exec(['sh', '-c', 'echo $SECRET $DUNLIN_EXECUTION; exit 3'])).toEqual({
      code: 3,
      output: `hidden ${task.execution}\n`,
    })
    expect(await exec(['sleep', '60'], 50)).toEqual({ code: null, output: 'it took longer than 50 ms' })
    expect(await exec(['no-such-program'])).toMatchObject({ code: 127 })
  })

  it('has nothing of the script of the shim, and no list of processes has it either', async () => {
    const { driver, task } = await start({ args: ['-c', 'env; echo whole; sleep 60'] })
    await vi.waitFor(() => expect(outputOf(task)).toContain('whole\n'), { timeout: 20_000 })
    const { signal } = new AbortController()
    const beside = await driver.exec?.(task, ['env'], { timeoutMs: 10_000, signal })
    expect(beside?.output).toContain(`DUNLIN_EXECUTION=${task.execution}\n`)
    expect(beside?.output).not.toContain('_dn_')
    expect(outputOf(task)).not.toContain('_dn_')
    const shown = readFileSync(`/proc/${readPid(task.dir)?.shimPid}/cmdline`, 'latin1')
    expect(shown).toContain('dunlin-shim')
    expect(shown).not.toContain('trap')
  })
})

/** A hybrid machine lets the tree of version 2 be tried too, without controllers. */
const { v2 } = ownFolders(readText('/proc/self/cgroup') ?? '', readText('/proc/self/mountinfo') ?? '')
const tree = machine.kind === 'v1' && v2 !== undefined ? [v2Backend(v2, new Set(), `dunlin-test-${process.pid}`)] : []

describe.each<readonly [string, CgroupBackend]>([
  ['with what the machine has', machine],
  ['without control groups', noCgroups('for this test')],
  ...tree.filter(({ contains }) => contains).map((backend) => ['in a tree of version 2', backend] as const),
])('ending a task %s', (_, cgroups) => {
  const driver = (): Driver => driverWith(cgroups)

  it('reaches what ignored the signal, left the group, and forked on', async () => {
    const script =
      'trap "" TERM; setsid setsid sleep 1000 & (while :; do sleep 0.01; done) & echo up; while :; do sleep 1; done'
    const { task, ...of } = await start({ args: ['-c', script] }, { driver: driver() })
    await eventually(() => expect(markedProcesses(task.execution).length).toBeGreaterThanOrEqual(4))
    await of.driver.stop(task, { graceMs: 100 })
    expect(markedProcesses(task.execution)).toEqual([])
    expect(of.driver.inspect(task)).toMatchObject({ is: 'exited', code: 137, signal: 'SIGKILL' })
  })

  it('asks by the signal and for the time that the job wants', async () => {
    const script = 'trap "echo asked; sleep 0.3; exit 5" USR1; echo up; while :; do sleep 0.01; done'
    const config = { args: ['-c', script], stop_signal: 'SIGUSR1', stop_grace: '10s' }
    const pre = { pre_stop: [{ command: 'sh', args: ['-c', 'echo $DUNLIN_JOB > told'] }] }
    const { task, ...of } = await start({ ...config, ...pre }, { driver: driver() })
    await eventually(() => expect(outputOf(task)).toBe('up\n'))
    await of.driver.stop(task, { graceMs: 1 })
    expect(of.driver.inspect(task)).toMatchObject({ is: 'exited', code: 5 })
    expect(readFileSync(join(task.dir, 'local', 'told'), 'utf8')).toBe('p\n')
  })

  it('adopts a command whose shim was killed, goes on with its output, and ends as unknown', async () => {
    const { task, ...of } = await start(
      { args: ['-c', 'while :; do echo tick; sleep 0.02; done'] },
      { driver: driver() },
    )
    const pid = readPid(task.dir)
    process.kill(pid?.shimPid ?? 0, 'SIGKILL')
    await eventually(() => expect(isAlive(pid?.shimPid ?? 0, pid?.shimStartTicks ?? '')).toBe(false))
    const before = outputOf(task).length
    expect(of.driver.inspect(task)).toEqual({ is: 'running', pid: pid?.pid })
    await eventually(() => expect(outputOf(task).length).toBeGreaterThan(before))
    process.kill(pid?.pid ?? 0, 'SIGKILL')
    await eventually(() => expect(of.driver.inspect(task)).toEqual({ is: 'lost' }))
  })
})

describe('after the agent was killed', () => {
  it('a task that was killed too is known by its exit code, which the shim wrote', async () => {
    const { task } = await start({ command: 'sleep', args: ['1000'] })
    process.kill(readPid(task.dir)?.pid ?? 0, 'SIGKILL')
    expect(await endOf(driverWith(), task)).toMatchObject({ code: 137, signal: 'SIGKILL' })
  })

  it.each([
    ['another start time', (_: string, boot: string) => `1 ${process.pid} 7 ${boot} ${process.pid} 7`],
    ['another boot', (ticks: string) => `1 ${process.pid} ${ticks} another-boot ${process.pid} ${ticks}`],
  ])('a pid that was given to somebody else since is nobody: %s', async (_, lineOf) => {
    const driver = driverWith(noCgroups('for this test'))
    const task = taskOf({})
    mkdirSync(task.dir, { recursive: true })
    const stat = readFileSync('/proc/self/stat', 'latin1')
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    writeFileSync(join(task.dir, 'pid'), `${lineOf(ticks, boot)}\n`)
    expect(driver.inspect(task)).toEqual({ is: 'lost' })
    expect(driver.signal(task, 'SIGKILL')).toBe(false)
    // It would be the end of this test if it were mistaken.
    await driver.stop(task, { graceMs: 10 })
  })
})

describe.runIf(limited)('limits', () => {
  it('end what takes too much memory, and say that it was that', async () => {
    const { driver, task } = await start(
      { args: ['-c', 'exec tail /dev/zero'] },
      { resources: { memory: 32 * 1024 * 1024 } },
    )
    const told = { code: 137, error: { code: 'out_of_memory', message: expect.stringContaining('33554432') } }
    expect(await endOf(driver, task)).toMatchObject(told)
    await driver.stop(task, { graceMs: 0 })
    // The group is gone, what it counted is not.
    expect(readTaskGroup(task.dir)?.join.filter((folder) => existsSync(folder))).toEqual([])
    expect(driver.inspect(task)).toMatchObject(told)
  })

  it('keep a task from forking without end', async () => {
    const { driver, task } = await start(
      { args: ['-c', 'for n in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done; echo all'] },
      { resources: { pids: 5 } },
    )
    expect(await endOf(driver, task)).toMatchObject({ code: 2 })
    expect(readFileSync(join(task.dir, 'logs', 'stderr'), 'utf8')).toContain('fork')
  })

  it('hold for the command and not for its shim', async () => {
    const { task } = await start({ command: 'sleep', args: ['60'] }, { resources: { cpus: 0.5 } })
    // The tree that the kernel kills at once is preferred, where there is one.
    const group = readTaskGroup(task.dir)?.tree ?? ''
    expect(existsSync(join(group, 'cgroup.kill'))).toBe(machine.kind === 'v2' || tree.length > 0)
    const pid = readPid(task.dir)
    await eventually(() => expect(readProc(pid?.pid ?? 0, 'cgroup')).toContain(task.execution))
    expect(readProc(pid?.shimPid ?? 0, 'cgroup')).not.toContain(task.execution)
  })
})

describe('limits that cannot be kept', () => {
  it('are refused before anything runs, unless the operator takes them for advice', () => {
    const content = taskOf({}, { resources: { memory: 1, disk: 1 } }).content
    const cgroups = noCgroups('for this test')
    expect(driverWith(cgroups).prepare(content)).toMatchObject({
      code: 'limits_unsupported',
      message: expect.stringContaining('resources.memory: for this test') as string,
    })
    expect(processDriver({ limits: { cgroups, advisory: true } }).prepare(content)).toBeUndefined()
    expect(driverWith(cgroups).prepare(taskOf({}, { resources: { disk: 1 } }).content)).toBeUndefined()
  })
})
