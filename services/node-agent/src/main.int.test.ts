/** Real agents on a real server, killed at bad moments. */
import type { Content, DesiredExecution, Heartbeat, NodeId, Sha256 } from '@dunlin/contracts/agent'
import { heartbeatSubject } from '@dunlin/nats/agent'
import { startNatsServer, type TestNatsServer } from '@dunlin/testkit'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { killTasks } from './drivers/kill-tasks.ts'
import { isAlive } from './drivers/proc.ts'
import { readPid } from './drivers/task-dir.ts'
import { documentOf, entryFor, makeDataDir, newId, sh } from './testing/node.ts'
import { startAgentProcess, startRealCentre, type AgentProcess, type RealCentre } from './testing/process.ts'

let server: TestNatsServer
let centre: RealCentre
let dataDirs: string[]
let agents: AgentProcess[]
let node: NodeId

beforeAll(async () => {
  server = await startNatsServer()
  centre = await startRealCentre(server.url)
})
afterAll(async () => {
  await centre.stop()
  await server.stop()
})
beforeEach(() => {
  node = `n-${newId().toLowerCase()}` as NodeId
  dataDirs = []
  agents = []
})
afterEach(async () => {
  for (const agent of agents) await agent.stop()
  for (const dir of dataDirs) {
    await killTasks(dir, 0)
    rmSync(dir, { recursive: true, force: true })
  }
})

const taskDirs = (dir: string): string[] =>
  readdirSync(dir).includes('tasks') ? readdirSync(join(dir, 'tasks')).map((name) => join(dir, 'tasks', name)) : []

const newDir = (): string => {
  const dir = makeDataDir()
  dataDirs.push(dir)
  return dir
}

const start = (dir: string, ...args: string[]): AgentProcess => {
  const agent = startAgentProcess(['--nats-url', server.url, '--data-dir', dir, '--node-id', node, ...args])
  agents.push(agent)
  return agent
}

const eventually = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 30_000, interval: 50 })

const entry = async (seq: number, content: Content, over: Partial<DesiredExecution> = {}) => {
  const hash = (await centre.storeContent(content)) as Sha256
  return entryFor({ storeContent: () => hash }, seq, content, over)
}

const write = (seq: number, ...executions: DesiredExecution[]): Promise<void> =>
  centre.write({ ...documentOf(seq, ...executions), node })

const latest = async (execution: string) => (await centre.transitions(node, execution)).at(-1)
const stateOf = async (execution: string): Promise<string | undefined> => (await latest(execution))?.state

const job = (name: string) => ({ job: { namespace: 'default', name } })

describe('an agent that is killed with -9', () => {
  it('finds its tasks again: the same pid goes on, an exit code that nobody saw is told', async () => {
    const dir = newDir()
    const first = start(dir)
    await first.ready
    const long = await entry(1, sh('sleep 1000'), job('long'))
    const over = join(dir, 'over')
    const untilOver = `while [ ! -e ${over} ]; do sleep 0.05; done; exit 7`
    const short = await entry(1, sh(untilOver, { restartPolicy: 'never' }), job('short'))
    await write(1, long, short)
    await eventually(async () =>
      expect([await stateOf(long.execution), await stateOf(short.execution)]).toEqual(['running', 'running']),
    )
    const before = readPid(join(dir, 'tasks', long.execution))
    await first.kill9()
    writeFileSync(over, '')
    await eventually(() => expect(readFileSync(join(dir, 'tasks', short.execution, 'exit'), 'utf8')).toBe('1 7\n'))
    const { boot } = await start(dir).ready
    await eventually(async () => expect(await stateOf(short.execution)).toBe('failed'))
    const commits = await centre.reports(node)
    expect(await latest(short.execution)).toMatchObject({ exit: { code: 7 }, error: { code: 'exited' } })
    expect(commits.find(({ cmd }) => cmd.startsWith(boot))?.ev[0]).toMatchObject({
      type: 'NodeAnnounced',
      executions: expect.arrayContaining([expect.objectContaining({ execution: long.execution, state: 'running' })]),
    })
    expect(readPid(join(dir, 'tasks', long.execution))).toEqual(before)
    expect(before && isAlive(before.pid, before.startTicks)).toBe(true)
    await write(2)
    await eventually(async () => expect(await stateOf(long.execution)).toBe('stopped'))
    expect(before && isAlive(before.pid, before.startTicks)).toBe(false)
  })

  it('goes on with a stop that was under way', async () => {
    const dir = newDir()
    const first = start(dir)
    await first.ready
    const deaf = sh('trap "" TERM; while :; do sleep 0.1; done')
    deaf.config['stop_grace'] = '3s'
    const one = await entry(1, deaf)
    await write(1, one)
    await eventually(async () => expect(await stateOf(one.execution)).toBe('running'))
    await write(2)
    await eventually(() => expect(first.log.join('\n')).toContain('stopping an execution'))
    await first.kill9()
    start(dir)
    await eventually(async () => expect(await stateOf(one.execution)).toBe('stopped'))
  })

  it('knows its tasks although the journal is gone', async () => {
    const dir = newDir()
    const first = start(dir)
    await first.ready
    const one = await entry(1, sh('sleep 1000'))
    await write(1, one)
    await eventually(async () => expect(await stateOf(one.execution)).toBe('running'))
    const before = readPid(join(dir, 'tasks', one.execution))
    await first.kill9()
    for (const end of ['', '-wal', '-shm']) rmSync(join(dir, `journal.db${end}`), { force: true })
    await start(dir).ready
    await write(2, one)
    await eventually(async () => expect((await centre.reports(node)).at(-1)?.v).toBeGreaterThanOrEqual(1))
    expect(readPid(join(dir, 'tasks', one.execution))).toEqual(before)
    expect(taskDirs(dir)).toHaveLength(1)
  })
})

describe('a pipeline', () => {
  const pipeline = (mapping: string): Content => ({
    type: 'pipeline',
    config: {
      input: { file: { paths: ['/var/log/app/*.log'], poll_interval: '50ms' } },
      pipeline: { processors: [{ mapping }] },
      output: { stdout: {} },
    },
    restartPolicy: 'on-failure',
    executionTimeoutMs: 0,
  })
  const good = 'root = this\nroot.processed_at = now()\n'

  it('outlives its agent: same pid, counters and positions go on, also through an update', async () => {
    const dir = newDir()
    const logs = join(dir, 'app')
    mkdirSync(logs)
    const append = (n: number): void => appendFileSync(join(logs, 'a.log'), `${JSON.stringify({ n })}\n`)
    const printed = (execution: string): number[] =>
      readFileSync(join(dir, 'tasks', execution, 'logs', 'stdout'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => (JSON.parse(line) as { n: number }).n)
    const beats: Heartbeat[] = []
    const listening = centre.store.bus.subscribe(heartbeatSubject(node), ({ data }) => {
      beats.push(JSON.parse(new TextDecoder().decode(data)) as Heartbeat)
    })
    const counted = (execution: string) => beats.at(-1)?.ex.find(({ x }) => x === execution)

    const first = start(dir, '--map-path', `/var/log/app=${logs}`)
    await first.ready
    const one = await entry(1, pipeline(good))
    append(1)
    await write(1, one)
    await eventually(() => expect(counted(one.execution)).toMatchObject({ st: 'running', in: 1, er: 0 }))
    const pid = readPid(join(dir, 'tasks', one.execution))
    await first.kill9()
    append(2)
    await eventually(() => expect(printed(one.execution)).toEqual([1, 2]))
    await start(dir, '--map-path', `/var/log/app=${logs}`).ready
    append(3)
    appendFileSync(join(logs, 'a.log'), 'this is not JSON\n')
    await eventually(() => expect(counted(one.execution)).toMatchObject({ st: 'running', in: 4, er: 1, rs: 0 }))
    expect(readPid(join(dir, 'tasks', one.execution))).toEqual(pid)

    const two = await entry(2, pipeline(`${good}root.two = true\n`))
    await write(2, two)
    await eventually(async () => expect(await stateOf(two.execution)).toBe('running'))
    append(5)
    await eventually(() => expect(counted(two.execution)).toMatchObject({ st: 'running', in: 1, er: 0 }))
    expect(printed(two.execution)).toEqual([5])
    // The first beat with the count may come before the end of a window.
    await eventually(() => expect(counted(two.execution)?.w?.length).toBeGreaterThan(0))
    listening.stop()
  })

  it('fails for good, saying where, when its mapping cannot be read', async () => {
    await start(newDir()).ready
    const one = await entry(1, pipeline('root = = this'))
    await write(1, one)
    await eventually(async () => expect(await stateOf(one.execution)).toBe('failed'))
    expect(await latest(one.execution)).toMatchObject({
      attempt: 1,
      error: { code: 'invalid_config', message: expect.stringContaining('pipeline.processors[0]') },
    })
  })
})

describe('an agent that is killed again and again at any moment', () => {
  it('never runs two executions of one job at once, counts without a gap, and is right in the end', async () => {
    const dir = newDir()
    const lock = join(dir, 'lock')
    const conflicts = join(dir, 'conflicts')
    // The kernel gives the lock back however a task ends; what the task starts does not hold it.
    const script = `exec 9> ${lock}; flock -n 9 || { echo "$DUNLIN_EXECUTION" >> ${conflicts}; exit 1; }
      trap "exit 0" TERM; while :; do sleep 0.05 9>&-; done`
    let last: DesiredExecution | undefined
    for (let cycle = 1; cycle <= 8; cycle++) {
      const agent = start(dir)
      if (cycle % 2 === 0) await agent.ready
      last = await entry(cycle, sh(`${script} # ${cycle}`))
      await write(cycle, last)
      await new Promise((resolve) => setTimeout(resolve, 150 * cycle))
      await agent.kill9()
    }
    await start(dir).ready
    const wanted = last?.execution ?? ''
    await eventually(async () => expect(await stateOf(wanted)).toBe('running'))
    await eventually(() => expect(taskDirs(dir).map((task) => basename(task))).toEqual([wanted]))
    expect(existsSync(conflicts)).toBe(false)
    const commits = await centre.reports(node)
    let v = 0
    let j = 0
    for (const commit of commits) {
      v = commit.ev[0]?.type === 'NodeAnnounced' && commit.v === 1 ? 1 : v + 1
      expect(commit.v).toBe(v)
      for (const event of commit.ev) {
        const least = event.type === 'NodeAnnounced' ? j : j + 1
        expect(event.j).toBeGreaterThanOrEqual(least)
        j = event.j
      }
    }
  }, 240_000)
})

describe('a server that goes away', () => {
  it('does not keep the agent from looking after its tasks, also when the agent starts without it', async () => {
    const dir = newDir()
    const first = start(dir)
    await first.ready
    const one = await entry(1, sh('sleep 1000', { executionTimeoutMs: 6_000, restartPolicy: 'never' }))
    await write(1, one)
    await eventually(async () => expect(await stateOf(one.execution)).toBe('running'))
    const pid = readPid(join(dir, 'tasks', one.execution))
    await first.kill9()
    await server.kill9()
    start(dir)
    await eventually(() => expect(pid && isAlive(pid.pid, pid.startTicks)).toBe(false))
    await server.restart()
    await eventually(async () => expect(await stateOf(one.execution)).toBe('failed'))
    expect(await latest(one.execution)).toMatchObject({ error: { code: 'execution_timeout' } })
  })
})

describe('tasks of a demo', () => {
  it('end with the agent when that is asked for, or by a sweep', async () => {
    const dir = newDir()
    const first = start(dir, '--stop-tasks-on-exit')
    await first.ready
    const one = await entry(1, sh('sleep 1000'))
    await write(1, one)
    await eventually(async () => expect(await stateOf(one.execution)).toBe('running'))
    const alive = (): boolean => {
      const pid = readPid(join(dir, 'tasks', one.execution))
      return pid !== undefined && isAlive(pid.pid, pid.startTicks)
    }
    await first.stop()
    expect(alive()).toBe(false)
    const second = start(dir)
    await second.ready
    await eventually(() => expect(alive()).toBe(true))
    await second.kill9()
    expect(alive()).toBe(true)
    expect(await start(dir, '--sweep').ended).toBe(0)
    expect(alive()).toBe(false)
  })
})

describe('two agents with one identity', () => {
  const isToldByTheWinner = async (): Promise<void> =>
    expect((await centre.reports(node)).at(-1)?.ev[0]).toMatchObject({
      type: 'NodeAnnounced',
      problems: [{ code: 'second_agent' }],
    })

  it('the newcomer refuses to start, on the same directory and on a copy of it', async () => {
    const dir = newDir()
    const first = start(dir)
    await first.ready
    const same = start(dir)
    expect(await same.ended).toBe(1)
    expect(same.log.join('\n')).toContain('second_agent')
    const copy = newDir()
    cpSync(dir, copy, { recursive: true })
    const cloned = start(copy)
    expect(await cloned.ended).toBe(1)
    expect(cloned.log.join('\n')).toContain('second_agent')
    expect(first.child.exitCode).toBe(null)
    await eventually(isToldByTheWinner)
  })

  it('of two that start at the same instant one goes on, and both are told', async () => {
    const [dir, copy] = [newDir(), newDir()]
    const before = start(dir)
    await before.ready
    await before.stop()
    cpSync(dir, copy, { recursive: true })
    const both = [start(dir), start(copy)] as const
    const loser = await Promise.race(both.map((agent) => agent.ended.then(() => agent)))
    expect(await loser.ended).toBe(1)
    expect(loser.log.join('\n')).toMatch(/second_agent|another agent has this identity/)
    const winner = loser === both[0] ? both[1] : both[0]
    const { boot } = await winner.ready
    await eventually(isToldByTheWinner)
    expect((await centre.reports(node)).at(-1)?.cmd).toContain(boot)
    expect(winner.child.exitCode).toBe(null)
  })
})
