/** Nodes that are away: whatever was decided meanwhile, one document makes them right. */
import { startChild, type Child } from '@dunlin/infra/dev'
import { killTasks } from '@dunlin/node-agent'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { layCable } from './cable.ts'
import { readLog } from './read-log.ts'
import { sleeper, startSystem, until, type System } from './system.ts'

let system: System
beforeAll(async () => {
  system = await startSystem({ nodes: 3 })
})
afterAll(() => system.stop())

const spec = (name: string, seconds: number) =>
  sleeper(name, {
    config: { command: '/bin/sh', args: ['-c', `while :; do sleep ${seconds}; done`] },
    rollout: { max_parallel: 100, health_check: { interval: '200ms', success_threshold: 2, deadline: '120s' } },
  })
const apply = (name: string, seconds: number) => system.client.jobs.apply({ spec: spec(name, seconds) })
const executions = async (job: string, node: string) =>
  (await system.client.executions.list({ namespace: 'default', job, node, limit: 100 })).items
/** Versions whose executions run on a node, as the log knows. */
const running = async (job: string, node: string): Promise<(number | undefined)[]> =>
  (await executions(job, node)).filter(({ state }) => state === 'running').map(({ version }) => version)
const runs = (job: string, node: string, version: number) =>
  until(`version ${version} of ${job} alone runs on ${node}`, async () => {
    const versions = await running(job, node)
    return (versions.length === 1 && versions[0] === version) || undefined
  })
const counts = async (name: string) =>
  (await system.client.jobs.get({ namespace: 'default', name })).status.rollout?.counts
const connection = async (node: string) => (await system.client.nodes.get(node)).connection
const agentOf = (n: number): Child => system.agents.findLast(({ name }) => name === `edge-${n}`) as Child

/** Command lines of what really runs below a node's directory. */
const commandLines = (n: number): string[] => {
  const tasks = join(system.nodeDir(n), 'tasks')
  if (!existsSync(tasks)) return []
  return readdirSync(tasks).flatMap((task) => {
    try {
      const [, pid] = readFileSync(join(tasks, task, 'pid'), 'utf8').split(' ')
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean)
      return words.length === 0 ? [] : [words.join(' ')]
    } catch {
      // No pid file, or no such process: it does not run.
      return []
    }
  })
}
/** The pid of the one task of a node. */
const taskPid = (n: number): number => {
  const tasks = join(system.nodeDir(n), 'tasks')
  const [task = ''] = readdirSync(tasks)
  return Number(readFileSync(join(tasks, task, 'pid'), 'utf8').split(' ')[1])
}
const line = (seconds: number): string => `/bin/sh -c while :; do sleep ${seconds}; done`

describe('a node whose network is away', () => {
  it('does only what is wanted in the end when it is back', async () => {
    await Promise.all([apply('moved', 11), apply('ended', 21)])
    for (const n of [1, 2, 3]) await Promise.all([runs('moved', `edge-${n}`, 1), runs('ended', `edge-${n}`, 1)])
    const since = (await system.client.jobs.list({ limit: 1 })).seq
    const { pid } = agentOf(1)
    if (pid === undefined) throw new Error('no agent')
    process.kill(pid, 'SIGSTOP')
    try {
      await apply('moved', 12)
      await runs('moved', 'edge-2', 2)
      await apply('moved', 13)
      await runs('moved', 'edge-2', 3)
      await system.client.jobs.stop({ namespace: 'default', name: 'ended' })
      await until('it is stopped elsewhere', async () => (await running('ended', 'edge-2')).length === 0 || undefined)
      // Nobody told the tasks: they run on as they were.
      expect(commandLines(1).toSorted()).toEqual([line(11), line(21)])
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    expect(await runs('moved', 'edge-1', 3)).toBe(true)
    await until('the other job is stopped', async () => (await running('ended', 'edge-1')).length === 0 || undefined)
    expect(commandLines(1)).toEqual([line(13)])
    // The version between was granted and never started.
    const log = await readLog(system.client, since)
    const granted = log
      .filter(({ name }) => name === 'moved')
      .flatMap(({ events }) => events.flatMap(({ grants }) => (grants ?? []) as readonly [string, string][]))
      .filter(([node]) => node === 'edge-1')
      .map(([, execution]) => execution)
    const started = log
      .filter(({ kind, node }) => kind === 'report' && node === 'edge-1')
      .flatMap(({ events }) => events.filter(({ state }) => state === 'starting').map(({ execution }) => execution))
    expect(granted).toHaveLength(2)
    expect(started).toEqual(granted.slice(1))
    await until('the rollout is complete', async () => {
      const { status } = await system.client.jobs.get({ namespace: 'default', name: 'moved' })
      return (status.rollout?.phase === 'completed' && status.rollout.counts.healthy === 3) || undefined
    })
  })
})

describe('a machine', () => {
  it('that restarts, tasks and all, runs its job again', async () => {
    const [before] = await executions('moved', 'edge-3').then((all) => all.filter(({ state }) => state === 'running'))
    await agentOf(3).kill()
    expect(await killTasks(system.nodeDir(3), 0)).toBeGreaterThan(0)
    expect(commandLines(3)).toEqual([])
    await system.addAgent(3).ready
    await until('the task runs again', () => commandLines(3).includes(line(13)) || undefined)
    expect(await runs('moved', 'edge-3', 3)).toBe(true)
    await until('it is the same execution, at its second attempt', async () => {
      const now = (await executions('moved', 'edge-3')).find(({ id }) => id === before?.id)
      return (now?.state === 'running' && now.attempt === 2) || undefined
    })
  })

  it('that is switched off during a rollout is left out of it, and catches up when it is on', async () => {
    await agentOf(3).stop()
    await until('it has left', async () => (await connection('edge-3')) === 'disconnected' || undefined)
    await apply('moved', 14)
    await Promise.all([runs('moved', 'edge-1', 4), runs('moved', 'edge-2', 4)])
    await until('the rollout has passed it', async () => (await counts('moved'))?.deferred === 1 || undefined)
    await until('and is complete', async () => {
      const { status } = await system.client.jobs.get({ namespace: 'default', name: 'moved' })
      return status.rollout?.phase === 'completed' || undefined
    })
    await system.addAgent(3).ready
    expect(await runs('moved', 'edge-3', 4)).toBe(true)
    await until('nothing older runs there', () => commandLines(3).join('\n') === line(14) || undefined)
  })

  it('that joins later gets the jobs that belong on it, and no others', async () => {
    await system.client.jobs.apply({ spec: { ...spec('mars', 31), selector: { match_labels: { env: 'mars' } } } })
    await system.addAgent(4).ready
    await system.addAgent(5, { labels: { env: 'mars' } }).ready
    await Promise.all([runs('moved', 'edge-4', 4), runs('mars', 'edge-5', 1)])
    expect(commandLines(4)).toEqual([line(14)])
    expect(commandLines(5)).toEqual([line(31)])
    expect(await executions('mars', 'edge-4')).toEqual([])
    expect(await executions('ended', 'edge-4')).toEqual([])
  })
})

describe('a machine that boots without any network', () => {
  it('runs what was activated, and restarts it; what is newer begins when it was read', async () => {
    const cable = await layCable(system.nats.url)
    const dir = system.nodeDir(6)
    const children: Child[] = []
    const boot = (): Child => {
      const child = startChild({
        name: 'edge-6',
        source: 'services/node-agent/src/main.ts',
        args: () =>
          ['--nats-url', cable.url, '--exit-with-parent', '--node-id', 'edge-6', '--data-dir', dir].concat(
            '--label',
            'env=remote',
          ),
        logFile: join(system.dir, 'logs', 'edge-6.log'),
        say: () => {},
      })
      children.push(child)
      return child
    }
    const applyRemote = (seconds: number) =>
      system.client.jobs.apply({
        spec: {
          ...spec('remote', seconds),
          selector: { match_labels: { env: 'remote' } },
          rollout: { strategy: 'immediate', health_check: { interval: '200ms', deadline: '120s' } },
        },
      })
    const runsHere = (seconds: number) =>
      until(`it sleeps for ${seconds} s at a time`, () => commandLines(6).join('\n') === line(seconds) || undefined)
    try {
      const first = boot()
      await first.ready
      await applyRemote(41)
      await runs('remote', 'edge-6', 1)
      await first.kill()
      expect(await killTasks(dir, 0)).toBe(1)
      cable.pull()
      // Granted, because the node is still believed to be there; its document is newer than what it holds.
      await applyRemote(42)
      await until('version 2 is granted', async () => (await executions('remote', 'edge-6')).length === 2 || undefined)
      boot()
      await runsHere(41)
      const before = taskPid(6)
      process.kill(before, 'SIGKILL')
      await until('it was restarted', () => taskPid(6) !== before || undefined)
      await runsHere(41)
      cable.plug()
      await runsHere(42)
      await runs('remote', 'edge-6', 2)
    } finally {
      await Promise.all(children.map((child) => child.stop()))
      await killTasks(dir, 0)
      await cable.stop()
    }
  })
})
