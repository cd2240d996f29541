import { startApi, type RunningApi } from '@dunlin/api'
import { resolveRolloutPolicy, type Problem, type RolloutDetailView } from '@dunlin/contracts'
import { createMemoryStore, type MemoryStore } from '@dunlin/eventstore/memory'
import { silentLogger, systemClock, systemRandom } from '@dunlin/runtime'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Io } from './io.ts'
import { run } from './program.ts'

const [JOB, ESC, hash] = ['evt.job.default.web', '\u001B', 'c'.repeat(64)]
/** Of what `begin` applied. */
let content = ''
const [R1, R2] = ['01J0000000000000000000000R', '01J0000000000000000000000S']

let api: RunningApi
let store: MemoryStore
beforeEach(async () => {
  store = createMemoryStore()
  api = await startApi({ ...store, clock: systemClock, random: systemRandom, logger: silentLogger }, { port: 0 })
  await api.ready
})
afterEach(() => api.stop())

/** What the engine would write, as the next commit of the job. */
const write = (...events: readonly object[]): Promise<void> => writeTo(JOB, ...events)
const writeTo = async (subject: string, ...events: readonly object[]): Promise<void> => {
  const last = await store.log.last(subject)
  const v = last === undefined ? 1 : (JSON.parse(new TextDecoder().decode(last.data)) as { v: number }).v + 1
  const node = subject.startsWith('evt.report.') ? subject.slice(11) : undefined
  const commit = {
    s: 1,
    v,
    cmd: node === undefined ? `~test.${v}` : `01J00000000000000000000000/${v}`,
    by: node === undefined ? 'service:rollout-engine' : `node:${node}`,
    at: 1_700_000_000_000 + v,
    ev: events,
  }
  const data = Buffer.from(JSON.stringify(commit))
  const done = await store.log.append({ subject, data, expected: last?.seq ?? 0 })
  if (!done.ok) throw new Error('somebody else wrote into the job of the test')
}

const spec = (more = ''): string => `name: web\ntype: process\nconfig: {command: sleep, args: ["9"]}\n${more}`
const policy = resolveRolloutPolicy({ rollout: { max_parallel: 50 } })
const nodes = ['a', 'b', 'c', 'd']
const grants = (...names: string[]) => names.map((name) => [name, `01J000000000000000000000X${name.toUpperCase()}`])
const windows = (failed: number, ...ns: number[]) => ns.map((n) => ({ n, in: 20, failed }))
const verdict = (name: string, is: 'healthy' | 'failed') => ({
  node: name,
  execution: `01J000000000000000000000X${name.toUpperCase()}`,
  generation: [0, 3],
  verdict: is,
  reason: is === 'healthy' ? 'success_threshold' : 'failure_threshold',
  window: is === 'healthy' ? 2 : 3,
  evidence: is === 'healthy' ? windows(0, 1, 2) : windows(12, 1, 2, 3),
})
const reached = (...verdicts: object[]) => ({ type: 'VerdictsReached', rollout: R1, verdicts })
const counts = { targets: 4, granted: 4, healthy: 4, failed: 0, deferred: 0 }
const closed = (outcome: string) => ({ type: 'RolloutClosed', rollout: R1, outcome, counts })
const opened = (rollout: string, more = {}) => ({
  type: 'RolloutOpened',
  rollout,
  rolloutType: 'create',
  version: 1,
  content,
  policy,
  seed: 1,
  ...more,
})
const planned = (rollout: string) => [
  { type: 'PlanDrawn', rollout, part: 0, targets: nodes },
  { type: 'PlanCompleted', rollout, parts: 1, count: 4, hash, placedAt: 2, waves: [2, 2], budget: 2 },
]
/** Wave 1 of two is granted. */
const begin = async (): Promise<void> => {
  await dunlin(['apply', '-f', '-'], { input: spec() })
  const { data } = (await store.log.last(JOB)) ?? { data: new Uint8Array() }
  content = (JSON.parse(new TextDecoder().decode(data)) as { ev: { content: string }[] }).ev[0]?.content ?? ''
  await write(
    { type: 'PlacementChanged', evaluation: R1, part: 0, add: nodes, remove: [] },
    {
      type: 'PlacementCompleted',
      evaluation: R1,
      trigger: 'job_created',
      version: 1,
      parts: 1,
      count: 4,
      hash,
      leftOut: {},
    },
  )
  const grant = { type: 'NodesGranted', rollout: R1, wave: 0, version: 1, content, epoch: 0, grants: grants('a', 'b') }
  await write(opened(R1), ...planned(R1), { type: 'WaveStarted', rollout: R1, wave: 0 }, grant)
}

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}
interface RunOptions {
  readonly input?: string
  readonly terminal?: { readonly columns: number; readonly rows: number }
  /** Told everything that stands on standard output so far. */
  readonly onOut?: (out: string) => void
}

const dunlin = async (args: readonly string[], options: RunOptions = {}): Promise<Ended> => {
  let [out, err] = ['', '']
  const plain = (_format: unknown, text: string): string => text
  const io: Io = {
    out: (text) => {
      out += text
      options.onOut?.(out)
    },
    err: (text) => void (err += text),
    readStdin: () => Promise.resolve(Buffer.from(options.input ?? '')),
    env: { DUNLIN_SERVER: api.url, USER: 'ana' },
    style: plain,
    styleErr: plain,
    terminal: () => options.terminal,
    interrupted: new AbortController().signal,
  }
  const before = process.exitCode
  const code = await run(args, io)
  process.exitCode = before
  return { code, out, err }
}

/** Writes each step as soon as the output shows what the one before it did. */
const watching = (
  args: readonly string[],
  steps: readonly (readonly [shown: string, next: () => Promise<unknown>])[],
  more: RunOptions = {},
) => {
  const left = [...steps]
  return dunlin(args, {
    ...more,
    onOut: (out) => {
      const [step] = left
      if (step === undefined || !out.includes(step[0])) return
      left.shift()
      void step[1]()
    },
  })
}
const linesOf = ({ out }: Ended): string[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\S+Z /, ''))

describe('dunlin rollout get', () => {
  it('shows waves, nodes, evidence and what is waited for', async () => {
    await begin()
    await write(reached(verdict('a', 'failed')))
    const { code, out } = await dunlin(['rollout', 'get', 'web'])
    expect(code).toBe(0)
    expect(out).toMatch(/^default\/web {2}create to version 1 {2}running {2}/)
    expect(out).toContain('budget     2 of 2 nodes at risk')
    expect(out).toContain('evidence   1 of 1 settled failed (100 %, limit 9 %), evidence 7.5 of 20')
    expect(out).toMatch(/waits for {2}1 node to be judged: .*for \S+ at most|due now/)
    expect(out).toMatch(
      /> wave 1 +0\/2 {2}1 open, 1 failed, 60 % errors\n +a +failed +\S+ +60 % errors in 3 windows +failure_threshold\n +b +open/,
    )
    expect(out).toMatch(/\. wave 2 +2 waiting/)
    const json = JSON.parse((await dunlin(['rollout', 'get', 'web', '-o', 'json'])).out) as RolloutDetailView
    expect(json).toMatchObject({ id: R1, counts: { failed: 1, open: 1 }, waves: [{}, { state: 'waiting' }] })
    expect((await dunlin(['rollout', 'get', 'other'])).code).toBe(3)
  })

  it('follows it with one line for each change, and ends well when it completes', async () => {
    await begin()
    const ended = await watching(
      ['rollout', 'get', 'web', '-w'],
      [
        ['2 open', () => write(reached(verdict('a', 'healthy')))],
        [
          '1 healthy, 1 open',
          () => write(reached(verdict('b', 'healthy')), { type: 'WavePassed', rollout: R1, wave: 0 }),
        ],
        [
          '2 healthy of 4',
          () => write({ type: 'JobStateChanged', state: 'deploying', reason: 'x', message: 'y' }, closed('completed')),
        ],
      ],
    )
    expect([ended.code, ended.err]).toEqual([0, ''])
    expect(linesOf(ended)).toEqual([
      'create to version 1; running; wave 1 of 2; 2 open of 4; 0 of 0 settled failed, evidence 1 of 20',
      'create to version 1; running; wave 1 of 2; 1 healthy, 1 open of 4; 0 of 1 settled failed (0 %, limit 9 %), evidence 1 of 20',
      'create to version 1; running; wave 1 of 2; 2 healthy of 4; 0 of 2 settled failed (0 %, limit 9 %), evidence 1 of 20',
      'create to version 1; completed; wave 1 of 2; 2 healthy of 4',
    ])
  })

  it.each<[string, number, () => Promise<unknown>]>([
    ['halted', 7, () => write({ type: 'RolloutHalted', rollout: R1, reason: 'requested', message: 'no', counts })],
    ['canceled', 11, () => dunlin(['stop', 'web']).then(() => undefined)],
    ['canceled by deletion', 11, () => dunlin(['delete', 'web', '--force'])],
    ['expired', 12, () => write(closed('expired'))],
    [
      'superseded',
      10,
      () =>
        write(closed('superseded'), opened(R2, { rolloutType: 'update', version: 2, supersedes: R1 }), ...planned(R2)),
    ],
  ])('ends with a code of its own when it is %s', async (_how, code, step) => {
    await begin()
    expect((await watching(['rollout', 'get', 'web', '-w'], [['2 open', step]])).code).toBe(code)
  })

  it('follows an automatic rollback to its end, and tells that the rollout failed', async () => {
    await begin()
    const halted = { type: 'RolloutHalted', rollout: R1, reason: 'analysis', message: 'no', counts }
    const back = opened(R2, { rolloutType: 'rollback', version: 2, supersedes: R1 })
    const ended = await watching(
      ['rollout', 'get', 'web', '-w', '-o', 'json'],
      [
        [R1, () => write(halted, back, ...planned(R2))],
        [R2, () => write({ ...closed('completed'), rollout: R2 })],
      ],
    )
    expect(ended.code).toBe(7)
    const seen = ended.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as RolloutDetailView)
    expect(seen.map(({ id, phase }) => [id, phase])).toEqual([
      [R1, 'running'],
      [R2, 'running'],
      [R2, 'completed'],
    ])
  })

  it('ends when it is held, if it is told to, and tells by whom', async () => {
    await begin()
    const args = ['rollout', 'get', 'web', '-w', '--until-held']
    const ended = await watching(args, [['2 open', () => dunlin(['rollout', 'pause', 'web', '--reason', 'lunch'])]])
    expect([ended.code, linesOf(ended).at(-1)]).toEqual([13, expect.stringContaining('held (user): lunch')])
    expect((await dunlin(['rollout', 'get', 'web'])).out).toMatch(/held {7}user, for \S+ by user:ana: lunch/)
  })

  it('draws it again in its place on a terminal, never beyond it', async () => {
    await begin()
    const ended = await watching(
      ['rollout', 'get', 'web', '-w'],
      [
        ['budget', () => write(reached(verdict('a', 'healthy'), verdict('b', 'healthy')))],
        ['0 of 2 settled', () => write(closed('completed'))],
      ],
      { terminal: { columns: 40, rows: 8 } },
    )
    expect(ended.code).toBe(0)
    const pictures = ended.out.split(`\r${ESC}[0J`)
    // Each picture but the first goes back to the top of the one before.
    const ups = pictures.slice(1, -1).map((picture) => /\[(\d+)A$/.exec(picture)?.[1])
    const texts = pictures.slice(1).map((picture) => picture.slice(0, picture.lastIndexOf('\n')))
    expect(texts.length).toBeGreaterThanOrEqual(3)
    expect(ups).toEqual(texts.slice(0, -1).map((text) => String(text.split('\n').length)))
    for (const text of texts) {
      expect(text.split('\n').length).toBeLessThanOrEqual(7)
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(40)
    }
  })

  it('waits for a rollout that was not opened yet', async () => {
    await dunlin(['apply', '-f', '-'], { input: spec() })
    const watched = dunlin(['rollout', 'get', 'web', '-w', '--timeout', '60'])
    await write(opened(R1), ...planned(R1), closed('completed'))
    expect((await watched).code).toBe(0)
  })

  it('goes on through a restart of the server', async () => {
    await begin()
    const port = Number(new URL(api.url ?? '').port)
    const restart = async (): Promise<void> => {
      await api.stop()
      api = await startApi({ ...store, clock: systemClock, random: systemRandom, logger: silentLogger }, { port })
      await api.ready
      await write(closed('completed'))
    }
    const ended = await watching(['rollout', 'get', 'web', '-w'], [['2 open', restart]])
    expect([ended.code, ended.err]).toEqual([0, expect.stringContaining('connection lost')])
  })

  it('gives up watching when it is told to', async () => {
    await begin()
    const { code, err } = await dunlin(['rollout', 'get', 'web', '-w', '--timeout', '1'])
    expect([code, err]).toEqual([6, expect.stringContaining('goes on')])
  })
})

describe('steering', () => {
  it('pauses, resumes and halts with a reason and an actor, and says what is possible in a wrong phase', async () => {
    await begin()
    expect((await dunlin(['rollout', 'pause', 'web', '--reason', 'lunch'])).out).toMatch(
      /^default\/web paused \(version 1/,
    )
    expect((await dunlin(['rollout', 'pause', 'web'])).out).toContain('unchanged')
    expect((await dunlin(['rollout', 'resume', 'web'])).out).toContain('resumed')
    expect((await dunlin(['rollout', 'halt', 'web', '-o', 'json'])).code).toBe(0)
    const wrong = await dunlin(['rollout', 'promote', 'web'])
    expect([wrong.code, wrong.err]).toEqual([4, expect.stringMatching(/wrong_phase[^]*hint Possible now: resume/)])
    const asJson = await dunlin(['rollout', 'promote', 'web', '-o', 'json'])
    expect(JSON.parse(asJson.err) as Problem).toMatchObject({ code: 'wrong_phase', phase: 'halted' })
  })

  it('rolls back and runs again, under its own name and under the rollout', async () => {
    await begin()
    expect((await dunlin(['rollback', 'web'])).code).toBe(4)
    expect((await dunlin(['rollback', 'web', '--to', '7'])).code).toBe(3)
    await dunlin(['apply', '-f', '-'], { input: `${spec()}labels: {team: b}\nrestart_policy: never\n` })
    expect((await dunlin(['rollback', 'web', '--to', '1', '--reason', 'leaks'])).out).toMatch(/rolled back \(version 3/)
    expect((await dunlin(['rollout', 'rerun', 'web', '--if-match', 'version:3'])).out).toMatch(/runs again \(version 4/)
    expect((await dunlin(['rerun', 'web', '--if-match', 'version:3'])).code).toBe(4)
    expect((await dunlin(['rollout', 'rollback', 'web', '--to', '2', '--whole'])).code).toBe(0)
    const { out } = await dunlin(['explain', 'job', 'web', '--since', '0'])
    expect(out).toMatch(/user:ana {2}version 3 rolls version 2 back to what version 1 was \(leaks\)/)
  })

  it('waits for the rollout that it lets go on', async () => {
    await begin()
    await dunlin(['rollout', 'pause', 'web'])
    const ended = await watching(
      ['rollout', 'resume', 'web', '--wait'],
      [['running', () => write(closed('completed'))]],
    )
    expect(ended.code).toBe(0)
  })
})

describe('dunlin plan', () => {
  it('tells what applying would do, from a file or standard input, and warns beside it', async () => {
    const { code, out, err } = await dunlin(['plan', '-'], {
      input: spec('rollout: {strategy: canary, canary_count: 3}'),
    })
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^default\/web {2}create {2}creates the job as version 1, placed on 0 nodes/),
    ])
    expect(err).toContain('warning selector no node can take this job now')
    await begin()
    const json = await dunlin(['plan', '-f', '-', '-o', 'json'], { input: spec('priority: 3') })
    expect(JSON.parse(json.out)).toMatchObject({ action: 'update', changed: ['priority'], content_changes: false })
    expect((await dunlin(['plan'])).code).toBe(2)
    expect((await dunlin(['plan', '-'], { input: spec('priorty: 3') })).err).toMatch(/priorty \(line 4, column 1\)/)
  })

  it('shows the waves with what each of them proves', async () => {
    const boot = '01J00000000000000000000000'
    for (const node of nodes) {
      const announced = {
        type: 'NodeAnnounced',
        boot,
        protocol: [1, 1],
        agentVersion: '0.1.0',
        labels: {},
        drivers: ['process'],
        resources: { cpus: 1, memoryBytes: 1 },
        journal: boot,
        j: 0,
        executions: [],
      }
      await writeTo(`evt.report.${node}`, announced)
      await writeTo(`evt.node.${node}`, { type: 'NodeAdmitted', node, policy: 'loopback' })
    }
    const { out, err } = await dunlin(['plan', '-'], { input: spec('rollout: {strategy: canary, max_parallel: 50}') })
    expect(out).toContain('a canary rollout takes it to 4 nodes in 3 waves')
    expect(out).toMatch(/WAVE +NODES {2}PROVES\n1 \(canary\) +1 {2}1 node for 20 s sees a failure rate above 95 %/)
    expect(out).toMatch(/targets +4\nbudget +2 nodes at risk at once\nfirst +\w, \w, \w, \w\n/)
    expect(err).toContain('4 nodes of 4 cannot be reached now')
  })
})

describe('dunlin explain', () => {
  it('tells each decision with its sequence, and what came out when it was computed again', async () => {
    await begin()
    await write(reached(verdict('a', 'failed')))
    const { code, out } = await dunlin(['explain', 'rollout', 'web'])
    expect(code).toBe(0)
    expect(out).toMatch(
      /^rollout 01J0000000000000000000000R {2}the create rollout of version 1 is running: wave 1 of 2/,
    )
    expect(out).toMatch(/ {5}3 \S+Z service:rollout-engine {2}version 1 was granted to 2 nodes in wave 1: a, b/)
    expect(out).toMatch(
      /1 node failed: a failed \(failure_threshold at window 3: 36 of 60 messages failed in 3 windows\)\n +agrees a: /,
    )
    expect(out).toContain('1 verdict or halt computed again: 1 agree, 0 disagree')
    expect(out).toContain('taken as recorded, not verified: 3 windows that nodes counted themselves')
    const node = await dunlin(['explain', 'rollout', 'web', '--rollout', 'none'])
    expect(node.code).toBe(3)
  })

  it('fails when a recorded verdict does not follow from its windows', async () => {
    await begin()
    await write(reached({ ...verdict('a', 'failed'), evidence: windows(0, 1, 2, 3) }))
    const { code, out } = await dunlin(['explain', 'rollout', 'web'])
    expect([code, out]).toEqual([1, expect.stringContaining('DISAGREES a: ')])
  })
})
