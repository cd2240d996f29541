import {
  MORE,
  writeFrame,
  type ExecRecord,
  type ExecutionId,
  type LogItem,
  type LogRecord,
  type ResultRecord,
} from '@dunlin/contracts'
import type { BusMessage } from '@dunlin/eventstore'
import { nodeSubject } from '@dunlin/nats'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { playCentre } from '../test-tools/centre.ts'
import { BOOT, joinNode, processSpec, startInProcess, type InProcess } from '../test-tools/in-process.ts'

let api: InProcess
beforeEach(async () => {
  api = await startInProcess()
})
afterEach(() => api.stop())

const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 5 })
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What a node answers to one method, in parts; each question is handed to the test. */
const playNode = (node: string, method: string) => {
  const questions: { readonly body: Readonly<Record<string, unknown>>; readonly message: BusMessage; n: number }[] = []
  const told: { readonly stop?: boolean }[] = []
  const { bus } = api.store
  bus.subscribe(`rpc.${node}.${method}`, (message) => {
    questions.push({ body: JSON.parse(new TextDecoder().decode(message.data)) as never, message, n: 0 })
  })
  bus.subscribe(`rpc.${node}.${MORE}`, ({ data }) => told.push(JSON.parse(new TextDecoder().decode(data)) as never))
  const asked = async (at: number) => {
    await until(() => expect(questions.length).toBeGreaterThan(at))
    const question = questions[at]
    if (question === undefined) throw new Error('not asked')
    return {
      body: question.body,
      item: (value: unknown, text = '') => {
        question.n += 1
        question.message.respond(writeFrame({ n: question.n, is: 'item', value, bytes: bytes(text) }))
      },
      /** As if a part had been lost. */
      lose: () => void (question.n += 1),
      end: (value?: unknown, problem?: { readonly code: 'exec_not_allowed' }) => {
        question.n += 1
        question.message.respond(writeFrame({ n: question.n, is: 'end', value, ...(problem ? { problem } : {}) }))
      },
    }
  }
  return { asked, told, questions }
}
const text = (x: string, at: string): LogItem => ({ is: 'text', x: x as ExecutionId, s: 'stdout', at })
const records = <R>(body: string): R[] =>
  body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as R)

/** A job on these nodes; the ids of its executions. */
const runJob = async (
  nodes: readonly string[],
  spec = processSpec('web'),
): Promise<Readonly<Record<string, string>>> => {
  for (const node of nodes) await joinNode(api, node)
  await api.send('PUT', '/api/v1/jobs', { body: { ...spec, rollout: { strategy: 'immediate' } } })
  const job = await playCentre(api).settle(spec.name)
  return Object.fromEntries([...job.rollouts.grants].map(([node, { execution }]) => [node, execution]))
}

describe('logs of a job', () => {
  it('come from all of its nodes; one that is offline is named, and the others are told', async () => {
    const { n1 = '' } = await runJob(['n1', 'n2'])
    await api.write(nodeSubject('n2'), [{ type: 'NodeDisconnected', reason: 'silent' } as { type: string }])
    const node = playNode('n1', 'logs')
    const answer = api.send('GET', '/api/v1/jobs/default/web/logs?tail=5&stream=stdout')
    const asked = await node.asked(0)
    expect(asked.body).toMatchObject({ job: { name: 'web' }, tail: 5, follow: false, streams: ['stdout'] })
    asked.item(text(n1, 'a'), 'one\ntwo\n')
    asked.item({ is: 'ended', x: n1, state: 'completed', code: 0, signal: null })
    asked.end()
    const found = records<LogRecord>((await answer).text)
    expect(found.filter(({ type }) => type !== 'node')).toEqual([
      { type: 'text', node: 'n1', execution: n1, stream: 'stdout', text: 'one\ntwo\n', at: 'a' },
      { type: 'ended', node: 'n1', execution: n1, state: 'completed', exit: { code: 0, signal: null } },
      { type: 'done', node: 'n1' },
      { type: 'end' },
    ])
    expect(found).toContainEqual(expect.objectContaining({ type: 'node', node: 'n2', is: 'offline' }))
  })

  it('are read on from the same place when parts were lost, and the end of an execution is told once', async () => {
    const { n1 = '' } = await runJob(['n1'])
    const node = playNode('n1', 'logs')
    const answer = api.send('GET', '/api/v1/jobs/default/web/logs?follow=true')
    const first = await node.asked(0)
    first.item(text(n1, 'place-1'), 'one\n')
    first.lose()
    first.item(text(n1, 'place-3'), 'three\n')
    const second = await node.asked(1)
    expect(second.body).toMatchObject({ from: { [`${n1}/stdout`]: 'place-1' } })
    expect(node.told.some(({ stop }) => stop === true)).toBe(true)
    second.item(text(n1, 'place-2'), 'two\n')
    second.item({ is: 'ended', x: n1, state: 'failed', code: 7, signal: null, error: 'exit 7' })
    second.item({ is: 'ended', x: n1, state: 'failed', code: 7, signal: null, error: 'exit 7' })
    second.end()
    // The log says so too, or the job would be waited for.
    await api.send('POST', '/api/v1/jobs/default/web/stop', { body: {} })
    const found = records<LogRecord>((await answer).text)
    expect(found.flatMap((one) => (one.type === 'text' ? [one.text] : [one.type]))).toEqual([
      'one\n',
      'node',
      'two\n',
      'ended',
      'done',
      'end',
    ])
  })

  it.each([
    ['/api/v1/jobs/default/nope/logs', 'job_not_found'],
    ['/api/v1/jobs/default/web/logs?node=nope', 'node_not_found'],
    ['/api/v1/jobs/default/web/logs?execution=01M7Z3YDZ15VB8MXBCB2N2HRH0', 'execution_not_found'],
    ['/api/v1/jobs/default/web/logs?tail=many', 'invalid_request'],
    ['/api/v1/jobs/default/web/results', 'wrong_state'],
    ['/api/v1/nodes/nope/metrics', 'node_not_found'],
  ])('%s is refused: %s', async (url, code) => {
    await runJob(['n1'])
    expect((await api.send('GET', url)).problem().code).toBe(code)
  })

  it('say of an agent of an older release that it does not know the question', async () => {
    await runJob(['n1'])
    api.store.bus.subscribe('rpc.n1.>', (message) => void message.respond(bytes('{"error":{"code":"not_built"}}')))
    const found = records<LogRecord>((await api.send('GET', '/api/v1/jobs/default/web/logs')).text)
    expect(found).toMatchObject([{ is: 'refused', problem: { code: 'node_too_old' } }, { type: 'end' }])
    expect((await api.send('GET', '/api/v1/nodes/n1/metrics')).problem().code).toBe('node_too_old')
  })
})

describe('a command on a node', () => {
  const exec = (command: readonly string[]) =>
    api.send('POST', '/api/v1/nodes/n1/exec', { body: { command }, headers: { 'x-dunlin-actor': 'ana' } })

  it('gives its output and how it ended; bytes that are no text come whole', async () => {
    await joinNode(api, 'n1')
    const node = playNode('n1', 'exec')
    const answer = exec(['df', '-h'])
    const asked = await node.asked(0)
    expect(asked.body).toMatchObject({ command: ['df', '-h'], by: 'user:ana', timeoutMs: 60_000 })
    asked.item({ s: 'stderr' }, 'é')
    asked.end({ code: 3, signal: null, timedOut: false })
    expect(records<ExecRecord>((await answer).text)).toEqual([
      { type: 'output', stream: 'stderr', text: 'é' },
      { type: 'exit', code: 3, signal: null, timed_out: false },
    ])
    const again = exec(['head'])
    const next = await node.asked(1)
    next.item({ s: 'stdout' }, 'ok')
    next.end({ code: null, signal: 'SIGKILL', timedOut: true })
    expect(records<ExecRecord>((await again).text).at(-1)).toMatchObject({ signal: 'SIGKILL', timed_out: true })
  })

  it('is refused with a status where the node does not allow it, or is not there', async () => {
    await joinNode(api, 'n1')
    const node = playNode('n1', 'exec')
    const answer = exec(['rm', '-rf', '/'])
    ;(await node.asked(0)).end(undefined, { code: 'exec_not_allowed' })
    expect([(await answer).status, (await answer).problem().code]).toEqual([403, 'exec_not_allowed'])
    await api.write(nodeSubject('n1'), [{ type: 'NodeDisconnected', reason: 'silent' } as { type: string }])
    expect((await exec(['df'])).problem().code).toBe('node_offline')
    expect(node.questions).toHaveLength(1)
  })
})

it('results of queries are told with what is known of them, and nodes without one say why', async () => {
  const spec = { name: 'q', type: 'query', config: { sql: 'SELECT 1' } }
  await joinNode(api, 'n1')
  const applied = await api.send('PUT', '/api/v1/jobs', { body: spec })
  expect([applied.status, applied.text]).toEqual([200, expect.any(String)])
  const x = '01M7Z3YDZ15VB8MXBCB2N2HRH0'
  const reported = { journal: BOOT, j: 1, execution: x, job: { namespace: 'default', name: 'q' }, generation: [0, 1] }
  const more = { content: 'a'.repeat(64), state: 'completed', attempt: 1, at: 1_700_000_000_000 }
  await api.write('evt.report.n1', [{ type: 'ExecutionReported', ...reported, ...more }], `${BOOT}/2`)
  const node = playNode('n1', 'results')
  const answer = api.send('GET', '/api/v1/jobs/default/q/results')
  const asked = await node.asked(0)
  const head = {
    format: 'rows',
    columns: [{ name: 'a', type: 'INTEGER' }],
    rows: 1,
    bytes: 4,
    truncated: 'rows',
    millis: 5,
  }
  asked.item({ is: 'head', x, ...head })
  asked.item({ is: 'data', x }, '[1]\n')
  asked.end()
  expect(records<ResultRecord>((await answer).text)).toEqual([
    { type: 'result', node: 'n1', execution: x, ...head },
    { type: 'data', node: 'n1', execution: x, text: '[1]\n' },
    { type: 'done', node: 'n1' },
    { type: 'end' },
  ])
})
