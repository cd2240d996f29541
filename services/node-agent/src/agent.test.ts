/** The agent in this process on a centre in memory, with real processes below it. */
import type { DesiredExecution } from '@dunlin/contracts/agent'
import { systemClock } from '@dunlin/runtime/agent'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RunningAgent } from './agent.ts'
import { createCentre, type Centre } from './testing/centre.ts'
import { documentOf, entryFor, makeDataDir, NODE, sh, startNode, type NodeOptions } from './testing/node.ts'
import { killTasks } from './drivers/kill-tasks.ts'
import { groupMembers } from './drivers/proc.ts'
import { readPid } from './drivers/task-dir.ts'

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

const start = async (options: Partial<NodeOptions> = {}): Promise<RunningAgent> => {
  const agent = await startNode(centre, { dataDir, ...options })
  agents.push(agent)
  return agent
}

const eventually = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 25_000, interval: 10 })

const entry = (seq: number, script: string, over: Partial<DesiredExecution> = {}, policy = {}) =>
  entryFor(centre, seq, sh(script, policy), over)

describe('a log that went backwards', () => {
  it('is told everything again, also by a node that has nothing new to say', async () => {
    const agent = await start()
    await agent.announced
    const one = entry(5, 'sleep 60')
    centre.write(documentOf(5, one), NODE)
    await eventually(() => expect(centre.states(one.execution)).toEqual(['starting', 'running']))
    const before = centre.commits.length
    const raised = { ...one, generation: [1, 5] as [number, number] }
    centre.write({ ...documentOf(6, raised), generation: [1, 6] }, NODE)
    await eventually(() =>
      expect(centre.commits.slice(before).flatMap(({ commit }) => commit.ev)).toMatchObject([
        { type: 'NodeAnnounced', executions: [{ execution: one.execution, state: 'running' }] },
      ]),
    )
  })
})

describe('a process job from the document to the log', () => {
  it('announces itself, then runs a job to its end', async () => {
    const agent = await start()
    await agent.announced
    expect(centre.commits[0]?.commit).toMatchObject({
      v: 1,
      cmd: `${agent.boot}/1`,
      by: `node:${NODE}`,
      ev: [{ type: 'NodeAnnounced', drivers: ['process'], labels: { site: 'test' }, executions: [] }],
    })
    const one = entry(5, 'echo hello; exit 0')
    centre.write(documentOf(5, one), NODE)
    await eventually(() => expect(centre.states(one.execution).at(-1)).toBe('completed'))
    expect(centre.states(one.execution)[0]).toBe('starting')
    const last = centre.commits.at(-1)?.commit.ev.at(-1)
    expect(last).toMatchObject({ state: 'completed', attempt: 1, exit: { code: 0, signal: null }, generation: [0, 5] })
    expect(readFileSync(join(dataDir, 'tasks', one.execution, 'logs', 'stdout'), 'utf8')).toBe('hello\n')
  })

  it('reads a document that was written before it started', async () => {
    const one = entry(5, 'sleep 60')
    centre.write(documentOf(5, one), NODE)
    await start()
    await eventually(() => expect(centre.states(one.execution)).toEqual(['starting', 'running']))
  })

  it('builds the environment from scratch and hands it over', async () => {
    process.env['DUNLIN_TEST_LEAK'] = 'leaked'
    await start()
    const config = { command: 'env', args: [], env: { COLOUR: "a 'b' $c" } }
    const one = entryFor(centre, 5, { ...sh(''), config })
    centre.write(documentOf(5, one), NODE)
    await eventually(() => expect(centre.states(one.execution).at(-1)).toBe('completed'))
    const printed = readFileSync(join(dataDir, 'tasks', one.execution, 'logs', 'stdout'), 'utf8')
    expect(printed).toContain("COLOUR=a 'b' $c\n")
    expect(printed).toContain(`DUNLIN_EXECUTION=${one.execution}\n`)
    expect(printed).not.toContain('leaked')
    expect(printed).not.toContain('_dn_')
  })

  it('stops the old execution before it starts the new one', async () => {
    await start()
    const old = entry(5, 'trap "sleep 0.3; exit 0" TERM; while :; do sleep 0.05; done')
    centre.write(documentOf(5, old), NODE)
    await eventually(() => expect(centre.states(old.execution)).toContain('running'))
    const next = entry(9, 'sleep 60')
    centre.write(documentOf(9, next), NODE)
    await eventually(() => expect(centre.states(next.execution)).toContain('running'))
    const order = centre.commits
      .flatMap(({ commit }) => commit.ev)
      .flatMap((event) => (event.type === 'ExecutionReported' ? [`${event.execution}:${event.state}`] : []))
    expect(order.slice(2)).toEqual([
      `${next.execution}:starting`,
      `${old.execution}:stopped`,
      `${next.execution}:running`,
    ])
  })

  it('stops what is absent and forgets it once the log knows', async () => {
    await start()
    const one = entry(5, 'sleep 60')
    centre.write(documentOf(5, one), NODE)
    await eventually(() => expect(centre.states(one.execution)).toContain('running'))
    centre.write(documentOf(6), NODE)
    await eventually(() => expect(centre.states(one.execution).at(-1)).toBe('stopped'))
    await eventually(() => expect(readdirSync(join(dataDir, 'tasks'))).toEqual([]))
    await eventually(() => expect(centre.heartbeats.at(-1)?.ex).toEqual([]))
  })

  it('kills a task that ignores SIGTERM, children and all, when the grace is over', async () => {
    await start({ timings: { stopGraceMs: 300 } })
    const one = entry(5, 'trap "" TERM; (trap "" TERM; sleep 100) & while :; do sleep 0.05; done')
    centre.write(documentOf(5, one), NODE)
    await eventually(() => expect(centre.states(one.execution)).toContain('running'))
    const group = readPid(join(dataDir, 'tasks', one.execution))?.shimPid ?? 0
    centre.write(documentOf(6), NODE)
    await eventually(() => expect(centre.states(one.execution).at(-1)).toBe('stopped'))
    expect(groupMembers(group)).toEqual([])
  })
})

describe('failures', () => {
  it('fails at once, with cause and hint, when the command is unknown', async () => {
    await start()
    const one = entryFor(centre, 5, { ...sh(''), config: { command: 'no-such-program' } })
    centre.write(documentOf(5, one), NODE)
    await eventually(() => expect(centre.states(one.execution)).toEqual(['starting', 'failed']))
    expect(centre.commits.at(-1)?.commit.ev.at(-1)).toMatchObject({
      error: { code: 'unknown_command', message: expect.stringContaining('no-such-program'), hint: expect.any(String) },
    })
  })

  it('fails what it has no driver for, or cannot read, without starting anything', async () => {
    await start()
    const one = entryFor(centre, 5, { ...sh(''), type: 'container', config: {} })
    const two = entryFor(centre, 5, { ...sh(''), config: { comand: 'sh' } }, { job: { namespace: 'x', name: 'two' } })
    centre.write(documentOf(5, one, two), NODE)
    await eventually(() => expect(centre.states(two.execution)).toEqual(['failed']))
    expect(centre.states(one.execution)).toEqual(['failed'])
  })

  it('restarts after a crash with a back-off, told at most once a minute', async () => {
    await start()
    const one = entry(5, `while [ ! -e ${dataDir}/end-$DUNLIN_ATTEMPT ]; do sleep 0.02; done; exit 3`)
    centre.write(documentOf(5, one), NODE)
    await eventually(() => expect(centre.states(one.execution)).toEqual(['starting', 'running']))
    writeFileSync(join(dataDir, 'end-1'), '')
    await eventually(() => expect(centre.states(one.execution).slice(2)).toEqual(['degraded', 'running']))
    writeFileSync(join(dataDir, 'end-2'), '')
    await eventually(() => expect(centre.heartbeats.at(-1)?.ex[0]?.rs).toBeGreaterThanOrEqual(2))
    expect(centre.states(one.execution)).toEqual(['starting', 'running', 'degraded', 'running'])
    const degraded = centre.commits
      .flatMap(({ commit }) => commit.ev)
      .find((event) => 'state' in event && event.state === 'degraded')
    expect(degraded).toMatchObject({ exit: { code: 3 }, error: { code: 'exited' }, nextAttemptAt: expect.any(Number) })
    await eventually(() =>
      expect(centre.heartbeats.flatMap(({ ex }) => ex[0]?.w ?? []).map(([, , , mark]) => mark)).toContain('r'),
    )
  })

  it('says with the stop of what waits to be tried again what was wrong with it', async () => {
    await start()
    const one = entry(5, 'exit 3')
    centre.write(documentOf(5, one), NODE)
    await eventually(() => expect(centre.states(one.execution).at(-1)).toBe('degraded'))
    centre.write(documentOf(6), NODE)
    await eventually(() => expect(centre.states(one.execution).at(-1)).toBe('stopped'))
    const last = centre.commits.at(-1)?.commit.ev.at(-1)
    expect(last).toMatchObject({ execution: one.execution, state: 'stopped', error: { code: 'exited' } })
  })

  it('ends an attempt at its execution_timeout, also without a network', async () => {
    let passed = 0
    await start({ clock: { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + passed } })
    const one = entry(5, 'sleep 60', {}, { executionTimeoutMs: 3_600_000, restartPolicy: 'never' })
    centre.write(documentOf(5, one), NODE)
    await eventually(() => expect(centre.states(one.execution)).toContain('running'))
    centre.faults.down = true
    passed = 3_600_000
    const pid = readPid(join(dataDir, 'tasks', one.execution))?.pid ?? 0
    await eventually(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'))
    centre.faults.down = false
    await eventually(() => expect(centre.states(one.execution).at(-1)).toBe('failed'))
    expect(centre.commits.at(-1)?.commit.ev.at(-1)).toMatchObject({ error: { code: 'execution_timeout' } })
  })

  it('waits for a content that does not fit its name, and takes the repaired one', async () => {
    await start()
    const one = entry(5, 'sleep 60')
    const good = (await centre.specs.get(one.content))?.value ?? new Uint8Array()
    centre.storeRaw(one.content, new TextEncoder().encode('{"type":"process"}'))
    centre.write(documentOf(5, one), NODE)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(centre.states(one.execution)).toEqual([])
    centre.storeRaw(one.content, good)
    await eventually(() => expect(centre.states(one.execution)).toContain('running'))
  })

  it('keeps the held document when a bad one comes, and takes the next good one', async () => {
    const agent = await start()
    await agent.announced
    const one = entry(5, 'sleep 60')
    centre.write(documentOf(5, one), NODE)
    await eventually(() => expect(centre.states(one.execution)).toContain('running'))
    const bad = [
      '{"s":1,',
      JSON.stringify({ s: 9, node: NODE }),
      JSON.stringify({ ...documentOf(6), node: 'other' }),
      ' '.repeat(1_048_576),
    ]
    for (const text of bad) centre.write(new TextEncoder().encode(text), NODE)
    const before = centre.heartbeats.length
    await eventually(() => expect(centre.heartbeats.length).toBeGreaterThan(before + 1))
    expect(centre.heartbeats.at(-1)).toMatchObject({ gen: [0, 5], ex: [{ st: 'running' }] })
    centre.write(documentOf(7), NODE)
    await eventually(() => expect(centre.heartbeats.at(-1)?.gen).toEqual([0, 7]))
  })
})

describe('reports', () => {
  it('count once when their acknowledgement is lost', async () => {
    await start()
    const one = entry(5, 'sleep 60')
    centre.faults.loseAcks = 3
    centre.write(documentOf(5, one), NODE)
    await eventually(() => expect(centre.states(one.execution)).toEqual(['starting', 'running']))
    const vs = centre.commits.map(({ commit }) => commit.v)
    expect(vs).toEqual(vs.map((_, index) => index + 1))
  })

  it('do not touch anything before `starting` is acknowledged', async () => {
    await start()
    await eventually(() => expect(centre.commits).toHaveLength(1))
    const one = entry(5, 'sleep 60')
    centre.faults.hang = true
    centre.write(documentOf(5, one), NODE)
    await eventually(() => expect(centre.heartbeats.at(-1)?.ex[0]?.st).toBe('starting'))
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(readdirSync(dataDir)).not.toContain('tasks')
    centre.faults.hang = false
  })

  it('begin with one announcement that tells everything after a time without the log', async () => {
    const first = await start()
    const one = entry(5, 'sleep 60')
    centre.write(documentOf(5, one), NODE)
    await eventually(() => expect(centre.states(one.execution)).toContain('running'))
    await first.stop()
    const second = await start()
    await second.announced
    const announced = centre.commits.at(-1)?.commit
    expect(announced).toMatchObject({
      v: 1,
      ev: [{ type: 'NodeAnnounced', boot: second.boot, executions: [{ execution: one.execution, state: 'running' }] }],
    })
  })
})

describe('one identity', () => {
  it('is refused to a newcomer while an agent answers', async () => {
    const first = await start()
    await first.announced
    await expect(startNode(centre, { dataDir: makeDataDir() })).rejects.toMatchObject({ code: 'second_agent' })
  })

  it('is refused by the journal when both use one directory', async () => {
    await start()
    await expect(async () => startNode(createCentre(), { dataDir })).rejects.toMatchObject({ code: 'second_agent' })
  })

  it('stops publishing when a later agent took over', async () => {
    const first = await start()
    await first.announced
    const append = { subject: `evt.report.${NODE}`, expected: 1 }
    const data = new TextEncoder().encode(
      JSON.stringify({ s: 1, v: 1, cmd: '01ZZZZZZZZZZZZZZZZZZZZZZZZ/1', by: `node:${NODE}`, at: 1, ev: [] }),
    )
    await centre.reports.append({ ...append, data })
    const one = entry(5, 'sleep 60')
    centre.write(documentOf(5, one), NODE)
    await expect(first.superseded).resolves.toMatchObject({ code: 'second_agent' })
    expect(centre.commits).toHaveLength(2)
  })
})

describe('questions', () => {
  const ask = async (method: string): Promise<unknown> => {
    const answer = await centre.bus.request(`rpc.${NODE}.${method}`, new Uint8Array(), 1_000)
    return JSON.parse(new TextDecoder().decode(answer.data))
  }
  it('are answered, and what is not built says so', async () => {
    const agent = await start()
    await agent.announced
    expect(await ask('boot')).toEqual({ node: NODE, boot: agent.boot, announced: true })
    expect(await ask('ping')).toMatchObject({ generation: [0, 0], problem: null, problems: [] })
    expect(await ask('windows')).toEqual({ node: NODE, boot: agent.boot, executions: [] })
    expect(await ask('dance')).toMatchObject({ error: { code: 'not_built', detail: expect.stringContaining('dance') } })
    expect(await ask('logs')).toMatchObject({ error: { code: 'invalid_request' } })
  })
})
