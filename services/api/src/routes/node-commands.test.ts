/** Commands to nodes by HTTP and by subject, and what is shown of their nodes. */
import { operations } from '@dunlin/contracts'
import { nodeCommandSubject, nodeSubject, HEARD } from '@dunlin/nats'
import { afterEach, describe, expect, it } from 'vitest'
import { joinNode, startInProcess, type InProcess } from '../test-tools/in-process.ts'

const running: InProcess[] = []
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop()
})
const start = async (): Promise<InProcess> => {
  const given = await startInProcess()
  running.push(given)
  await joinNode(given, 'edge-1', { env: 'own' })
  return given
}
const post = ({ send }: InProcess, verb: string, body?: unknown, headers: Record<string, string> = {}) =>
  send('POST', `/api/v1/nodes/edge-1/${verb}`, { ...(body === undefined ? {} : { body }), headers })
const shown = async ({ send }: InProcess, seq = 0) =>
  (await send('GET', `/api/v1/nodes/edge-1?min_seq=${seq}`)).as(operations.getNode.response)

describe('commands to a node by HTTP', () => {
  it('answer with a sequence that reads them back, and say when nothing changed', async () => {
    const given = await start()
    const first = (await post(given, 'cordon', { reason: 'new disk' })).as(operations.cordonNode.response)
    expect(first).toMatchObject({ ok: true, node: 'edge-1', unchanged: false })
    expect(await shown(given, first.seq)).toMatchObject({ scheduling: 'cordoned', drained: false })
    expect((await post(given, 'cordon')).json()).toMatchObject({ unchanged: true, seq: first.seq })
  })
  it('set labels over those of the agent, and remove them again', async () => {
    const given = await start()
    await post(given, 'label', { set: { env: 'production', ring: 'canary' } })
    const { seq } = (await post(given, 'label', { remove: ['ring'] })).as(operations.labelNode.response)
    expect((await shown(given, seq)).labels).toEqual({ env: 'production' })
  })
  it('drain: nothing runs there, so it is done at once', async () => {
    const given = await start()
    const { seq } = (await post(given, 'drain', { deadline: '30m' })).as(operations.drainNode.response)
    const { drain, drained, scheduling } = await shown(given, seq)
    expect([scheduling, drained, drain?.done, drain?.left]).toEqual(['draining', true, true, []])
    const ms = Date.parse(drain?.deadline_at ?? '') - Date.parse(drain?.since ?? '')
    expect(Math.abs(ms - 30 * 60_000)).toBeLessThan(5_000)
  })
  it('remove only by force while it is connected', async () => {
    const given = await start()
    const refused = await post(given, 'remove')
    expect([refused.status, refused.problem()]).toMatchObject([
      409,
      { code: 'wrong_state', possible: expect.any(Array) },
    ])
    expect((await post(given, 'remove', { force: true, reason: 'stolen' })).status).toBe(200)
    const { items } = (await given.send('GET', '/api/v1/nodes')).as(operations.listNodes.response)
    expect(items).toEqual([])
  })
  it.each([
    ['label', {}, 'invalid_request'],
    ['label', { set: { 'a b': 'c' } }, 'invalid_request'],
    ['label', { set: { 'dunlin.io/os': 'plan9' } }, 'invalid_command'],
    ['drain', { deadline: 'soon' }, 'invalid_request'],
    ['drain', { deadline: '9000h' }, 'invalid_request'],
    ['cordon', { force: true }, 'invalid_request'],
    ['fly', {}, 'route_not_found'],
  ])('%s %j is refused: %s', async (verb, body, code) => {
    expect((await post(await start(), verb, body)).problem().code).toBe(code)
  })
  it('to a node that nobody knows are refused', async () => {
    const { send } = await start()
    expect((await send('POST', '/api/v1/nodes/nobody/drain')).problem()).toMatchObject({ code: 'node_not_found' })
  })
  it('are applied once when they are sent twice, and are told later', async () => {
    const given = await start()
    const key = { 'idempotency-key': 'mine' }
    const first = (await post(given, 'cordon', {}, key)).json()
    await post(given, 'uncordon')
    expect((await post(given, 'cordon', {}, key)).json()).toEqual(first)
    expect((await shown(given)).scheduling).toBe('open')
    expect((await post(given, 'drain', {}, key)).problem().code).toBe('idempotency_key_reused')
    expect((await given.send('GET', '/api/v1/commands/mine')).json()).toEqual(first)
  })
})

describe('commands to a node by subject', () => {
  it('are taken but for approve, in the order of the queue', async () => {
    const given = await start()
    const outcomes: Record<string, unknown>[] = []
    given.store.bus.subscribe('outcome.*', ({ data }) => void outcomes.push(JSON.parse(new TextDecoder().decode(data))))
    for (const [verb, body] of [
      ['label', { set: { ring: 'canary' } }],
      ['approve', {}],
      ['drain', { deadline: '1m', actor: 'ana' }],
      ['fly', {}],
    ] as const)
      given.store.intake.publish(nodeCommandSubject('edge-1', verb), Buffer.from(JSON.stringify(body)), {
        'Nats-Msg-Id': `c.${verb}`,
      })
    await expect.poll(() => outcomes.length, { timeout: 5_000 }).toBe(4)
    expect(outcomes).toMatchObject([
      { ok: true, node: 'edge-1', unchanged: false },
      { ok: false, error: { code: 'not_by_subject' } },
      { ok: true, node: 'edge-1' },
      { ok: false, error: { code: 'unknown_verb' } },
    ])
    expect(await shown(given)).toMatchObject({ scheduling: 'draining', labels: { env: 'own', ring: 'canary' } })
    const { decisions } = (await given.send('GET', '/api/v1/nodes/edge-1/explain')).as(operations.explainNode.response)
    expect(decisions.map(({ by, event }) => `${by} ${event}`).slice(-2)).toEqual([
      'nats NodeLabelled',
      'nats:?ana NodeDrained',
    ])
  })
})

describe('what is heard of a node', () => {
  it('is asked of a scheduler, and a clock that is far off is a warning', async () => {
    const given = await start()
    expect(await shown(given)).not.toHaveProperty('clock_offset_ms')
    given.store.bus.subscribe(HEARD, (message) => {
      const { nodes } = JSON.parse(new TextDecoder().decode(message.data)) as { nodes: string[] }
      const answer = Object.fromEntries(
        nodes.map((node) => [node, { at: 1_800_000_000_000, offset: -45_000, unread: 150_000 }]),
      )
      message.respond(Buffer.from(JSON.stringify({ nodes: answer })))
    })
    const expected = {
      clock_offset_ms: -45_000,
      last_heard_at: new Date(1_800_000_000_000).toISOString(),
      warnings: [
        {
          code: 'document_unread',
          message: 'it is heard, but has not read what it should run for 2 min; it gets nothing new meanwhile',
        },
        { code: 'clock_offset', message: "its clock is 45 s behind the centre's" },
      ],
    }
    expect(await shown(given)).toMatchObject(expected)
    const { items } = (await given.send('GET', '/api/v1/nodes')).as(operations.listNodes.response)
    expect(items).toMatchObject([expected])
    const { message } = (await given.send('GET', '/api/v1/nodes/edge-1/explain')).as(operations.explainNode.response)
    expect(message).toContain('has not read what it should run for 2 min')
    expect(message).toContain('45 s behind')
  })
  it('removed: what it last said to run is lost', async () => {
    const given = await start()
    const { write, send } = given
    const transition = {
      execution: '01J00000000000000000000002',
      job: { namespace: 'default', name: 'web' },
      generation: [0, 1],
      content: 'a'.repeat(64),
      attempt: 1,
      at: 1,
    }
    const report = { type: 'ExecutionReported', journal: '01J00000000000000000000001', j: 1, state: 'running' }
    await write('evt.report.edge-1', [{ ...report, ...transition }], '01J00000000000000000000000/2')
    const seq = await write(nodeSubject('edge-1'), [{ type: 'NodeRemoved' }])
    const { items } = (await send('GET', `/api/v1/executions?state=lost&min_seq=${seq}`)).as(
      operations.listExecutions.response,
    )
    expect(items).toMatchObject([{ node: 'edge-1', state: 'lost', error: { code: 'node_removed' } }])
  })
})
