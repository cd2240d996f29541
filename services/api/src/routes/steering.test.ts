import { operations, rolloutVerbs } from '@dunlin/contracts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { playCentre, type Centre } from '../test-tools/centre.ts'
import { joinNode, processSpec, startInProcess, type InProcess } from '../test-tools/in-process.ts'

let given: InProcess
let centre: Centre
beforeEach(async () => {
  given = await startInProcess()
  centre = playCentre(given)
  for (let i = 1; i <= 4; i += 1) await joinNode(given, `edge-${i}`)
})
afterEach(() => given.stop())

const apply = (more = {}) => given.send('PUT', '/api/v1/jobs', { body: processSpec('web', more) })
const to = (verb: string, body = {}, headers = {}) =>
  given.send('POST', `/api/v1/jobs/default/web/${verb}`, { body, headers })
const rollout = async () =>
  (await given.send('GET', '/api/v1/jobs/default/web/rollout')).as(operations.getRollout.response)
const half = { rollout: { max_parallel: 50 } }
const command = (text: string) => ({ config: { command: text } })
const allOf = (is: 'healthy' | 'failed', nodes: Iterable<string>) =>
  Object.fromEntries([...nodes].map((node) => [node, is]))
/** Judges whoever is open until nobody is. */
const everybody = async (is: 'healthy' | 'failed') => {
  for (;;) {
    const { current } = (await centre.settle('web')).rollouts
    const open = [...(current?.slots ?? [])].filter(([, slot]) => slot === 'open').map(([node]) => node)
    if (open.length === 0) return
    await centre.judge('web', allOf(is, open))
  }
}

describe('the rollout of a job', () => {
  it('is shown with its waves, its holds, its evidence, and what it waits for', async () => {
    await apply(half)
    await centre.settle('web')
    const [first = ''] = [...(await centre.job('web')).rollouts.grants.keys()]
    await centre.judge('web', { [first]: 'failed' })
    expect(await to('pause', { reason: 'lunch' }, { 'x-dunlin-actor': 'ana' })).toMatchObject({ status: 200 })
    expect(await rollout()).toMatchObject({
      type: 'create',
      phase: 'running',
      wave: 1,
      budget: 2,
      at_risk: 2,
      counts: { targets: 4, open: 1, healthy: 0, failed: 1 },
      waves: [
        { wave: 1, state: 'running', targets: 2, open: 1, failed: 1, waiting: 0 },
        { wave: 2, state: 'waiting', targets: 2, waiting: 2 },
      ],
      holds: [{ hold: 'user', by: 'user:ana', reason: 'requested', message: 'lunch' }],
      evidence: { settled: 1, failed: 1, tolerated_rate: 0.05, halt_at: 20 },
      waits_for: [{ what: 'hold_user' }, { what: 'verdicts', nodes: 1 }, { what: 'budget' }],
    })
    const nodes = async (query: string) =>
      (await given.send('GET', `/api/v1/jobs/default/web/rollouts/${(await rollout()).id}/nodes?${query}`)).as(
        operations.listRolloutNodes.response,
      )
    expect((await nodes('slot=failed')).items).toMatchObject([
      {
        node: first,
        slot: 'failed',
        wave: 1,
        verdict: { is: 'failed', reason: 'failure_threshold', window: 3 },
        windows: [{ n: 1, in: 20, failed: 12, error_rate: 0.6 }, { n: 2 }, { n: 3 }],
        error_rate: 0.6,
      },
    ])
    expect((await nodes('wave=2')).items.map(({ slot }) => slot)).toEqual(['waiting', 'waiting'])
    const seen: string[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page = await nodes(`limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`)
      expect(page.total).toBe(4)
      seen.push(...page.items.map(({ node }) => node))
      cursor = page.next_cursor
    }
    expect(seen).toEqual((await centre.job('web')).rollouts.current?.targets)
  })

  it('shows the windows of open nodes as they are now to who watches, and waits for no node that does not answer', async () => {
    await apply(half)
    const { current, grants } = (await centre.settle('web')).rollouts
    const [one, silent] = current?.targets ?? []
    if (one === undefined || silent === undefined) throw new Error('nobody was granted')
    given.store.bus.subscribe(`rpc.${one}.windows`, (message) => {
      const w = [
        [2, 10, 1, ''],
        [3, 30, 5, ''],
        [4, 30, 5, 'r'],
        [6, 50, 9, ''],
      ]
      message.respond(Buffer.from(JSON.stringify({ executions: [{ x: grants.get(one)?.execution, w }] })))
    })
    const path = `/api/v1/jobs/default/web/rollouts/${current?.id}/nodes?slot=open`
    const nodes = async (query: string) =>
      (await given.send('GET', path + query)).as(operations.listRolloutNodes.response)
    const { items } = await nodes('&live=true')
    // Where a window begins is not known when the end before it is missing.
    expect(items.find(({ node }) => node === one)).toMatchObject({
      live: true,
      windows: [
        { n: 3, in: 20, failed: 4, error_rate: 0.2 },
        { n: 4, in: 0, failed: 0, disturbed: 'restart' },
      ],
      error_rate: 0.2,
    })
    expect(items.find(({ node }) => node === silent)).toMatchObject({ windows: [] })
    expect((await nodes('')).items.flatMap(({ windows }) => windows)).toEqual([])
  })

  it('is not found where there is none, and where it is another one', async () => {
    expect((await given.send('GET', '/api/v1/jobs/default/web/rollout')).problem().code).toBe('job_not_found')
    await apply()
    expect((await given.send('GET', '/api/v1/jobs/default/web/rollout')).problem().code).toBe('rollout_not_found')
    await centre.settle('web')
    expect((await given.send('GET', '/api/v1/jobs/default/web/rollouts/other/nodes')).problem().code).toBe(
      'rollout_not_found',
    )
  })
})

describe('steering', () => {
  it('pauses and resumes, once each, by whom and why', async () => {
    await apply(half)
    await centre.settle('web')
    const paused = (await to('pause', { reason: 'lunch', actor: 'ana' }, { 'idempotency-key': 'p' })).json()
    expect(paused).toMatchObject({ ok: true, version: 1, unchanged: false })
    expect((await to('pause', { reason: 'lunch' }, { 'idempotency-key': 'p' })).json()).toEqual(paused)
    expect((await to('pause')).json()).toMatchObject({ unchanged: true })
    expect((await rollout()).holds).toMatchObject([{ hold: 'user', by: 'user:ana', message: 'lunch' }])
    expect((await to('resume')).json()).toMatchObject({ unchanged: false })
    expect((await rollout()).holds).toEqual([])
  })

  it('promotes a canary', async () => {
    await apply({ rollout: { strategy: 'canary', max_parallel: 50 } })
    const { current } = (await centre.settle('web')).rollouts
    expect((await to('promote')).problem()).toMatchObject({
      code: 'wrong_phase',
      phase: 'running',
      holds: [],
      possible: expect.not.arrayContaining(['promote']) as string[],
    })
    await centre.judge('web', { [current?.targets[0] ?? '']: 'healthy' })
    expect(await rollout()).toMatchObject({
      holds: [{ hold: 'canary', reason: 'canary_passed' }],
      waits_for: [{ what: 'hold_canary' }],
      waves: [{ canary: true, state: 'passed' }, { canary: false }, {}],
    })
    expect((await to('promote')).status).toBe(200)
    await centre.settle('web')
    expect(await rollout()).toMatchObject({ holds: [], wave: 2 })
  })

  it('halts, and in that phase says what is possible', async () => {
    await apply(half)
    await centre.settle('web')
    expect((await to('halt', { reason: 'customers complain' })).status).toBe(200)
    expect(await rollout()).toMatchObject({
      phase: 'halted',
      halted: { reason: 'requested', message: 'customers complain', by: 'user:local', evidence: { settled: 0 } },
      waits_for: [{ what: 'person' }],
    })
    const refused = await to('pause')
    expect([refused.status, refused.problem()]).toMatchObject([
      409,
      { code: 'wrong_phase', phase: 'halted', possible: ['resume', 'rerun', 'apply', 'stop'] },
    ])
    expect((await to('resume', { reason: 'it was the network' })).status).toBe(200)
    expect((await rollout()).phase).toBe('running')
  })

  it('brings an older version back: its content in the present spec, or the whole', async () => {
    await apply({ ...command('one'), labels: { team: 'a' }, rollout: { max_parallel: 100 } })
    await everybody('healthy')
    await apply({ ...command('two'), labels: { team: 'b' }, rollout: { max_parallel: 100 } })
    await everybody('healthy')
    await apply({ ...command('three'), labels: { team: 'c' }, rollout: { max_parallel: 100 } })
    await centre.settle('web')
    const shown = async () => (await given.send('GET', '/api/v1/jobs/default/web')).as(operations.getJob.response)

    // Without a version: the latest content that was proven.
    expect((await to('rollback', { reason: 'three leaks' })).json()).toMatchObject({ version: 4 })
    expect(await shown()).toMatchObject({ spec: { config: { command: 'two' }, labels: { team: 'c' } } })
    expect((await shown()).status.versions.at(-1)).toMatchObject({ rolled_back_from: 3, rolled_back_to: 2 })
    expect((await to('rollback', { version: 1, whole: true })).json()).toMatchObject({ version: 5 })
    expect(await shown()).toMatchObject({ spec: { config: { command: 'one' }, labels: { team: 'a' } } })
    expect((await to('rollback', { version: 1 })).problem().code).toBe('no_rollback_target')
    const unknown = await to('rollback', { version: 9 })
    expect([unknown.status, unknown.problem()]).toMatchObject([
      404,
      { code: 'version_not_found', oldest: 1, newest: 5 },
    ])
    await centre.settle('web')
    expect(await rollout()).toMatchObject({ type: 'rollback', version: 5 })
  })

  it('has nothing to go back to before anything was proven', async () => {
    await apply()
    expect((await to('rollback')).problem()).toMatchObject({ code: 'no_rollback_target', status: 409 })
  })

  it('repeats a rollback that was done as it was answered, also when there would be nothing to go back to now', async () => {
    await apply(command('one'))
    await everybody('healthy')
    await apply(command('two'))
    const headers = { 'idempotency-key': 'back' }
    const first = (await to('rollback', {}, headers)).json()
    expect(first).toMatchObject({ version: 3 })
    expect((await to('rollback', {}, headers)).json()).toEqual(first)
    expect((await to('rollback', { whole: true }, headers)).problem().code).toBe('idempotency_key_reused')
    expect((await to('rollback', {}, { 'if-match': 'version:2' })).problem().code).toBe('precondition_failed')
    expect((await to('rollback', { not_after: '2020-01-01T00:00:00Z' })).problem().code).toBe('expired')
  })

  it('runs the same content again as a restart', async () => {
    await apply()
    await everybody('healthy')
    expect((await to('rerun', { reason: 'new certificates' })).json()).toMatchObject({ version: 2 })
    await centre.settle('web')
    expect(await rollout()).toMatchObject({ type: 'restart', version: 2, counts: { targets: 4 } })
    expect(
      (await given.send('GET', '/api/v1/jobs/default/web')).as(operations.getJob.response).status.versions.at(-1),
    ).toMatchObject({ version: 2, rerun: true })
  })

  it.each(rolloutVerbs)('%s of a job that is not there is refused', async (verb) => {
    expect((await to(verb)).problem().code).toBe('job_not_found')
  })
})
