import { operations } from '@dunlin/contracts'
import { jobSubject, reportSubject } from '@dunlin/nats'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BOOT, joinNode, processSpec, startInProcess, type InProcess } from '../test-tools/in-process.ts'

interface OpenApi {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>
}

let given: InProcess
beforeEach(async () => {
  given = await startInProcess()
})
afterEach(() => given.stop())

const apply = (name: string, more = {}, headers: Record<string, string> = {}) =>
  given.send('PUT', '/api/v1/jobs', { body: processSpec(name, more), headers })

describe('PUT /api/v1/jobs', () => {
  it('creates, then changes nothing, then updates', async () => {
    const created = (await apply('web')).json()
    expect(operations.applyJob.response.parse(created)).toMatchObject({
      namespace: 'default',
      name: 'web',
      seq: 1,
      version: 1,
      revision: 1,
      unchanged: false,
    })
    expect((await apply('web')).json()).toMatchObject({
      seq: 1,
      version: 1,
      unchanged: true,
      job_id: created['job_id'],
    })
    expect((await apply('web', { priority: 51 })).json()).toMatchObject({
      seq: 2,
      version: 2,
      revision: 2,
      unchanged: false,
    })
  })

  it('applies a command id once, remembers what came of it, and refuses the id for another body', async () => {
    const headers = { 'idempotency-key': 'deploy/42' }
    const first = (await apply('web', {}, headers)).json()
    await apply('web', { priority: 60 })
    expect((await apply('web', {}, headers)).json()).toEqual(first)
    const reused = await apply('web', { priority: 61 }, headers)
    expect([reused.status, reused.problem().code]).toEqual([409, 'idempotency_key_reused'])
    expect((await given.send('GET', '/api/v1/commands/deploy%2F42')).json()).toEqual(first)
    expect((await given.send('GET', '/api/v1/commands/other')).problem().code).toBe('command_unknown')
  })

  it('remembers an unchanged command that carried an id', async () => {
    await apply('web')
    const noted = (await apply('web', {}, { 'idempotency-key': 'again' })).json()
    expect(noted).toMatchObject({ unchanged: true, version: 1, revision: 1, seq: 2 })
    expect((await apply('web', {}, { 'idempotency-key': 'again' })).json()).toEqual(noted)
  })

  it('honours If-Match with a revision and with a version', async () => {
    await apply('web')
    expect((await apply('web', { priority: 1 }, { 'if-match': '"1"' })).status).toBe(200)
    const failed = await apply('web', { priority: 2 }, { 'if-match': '1' })
    expect([failed.status, failed.problem()]).toMatchObject([
      412,
      { code: 'precondition_failed', version: 2, revision: 2 },
    ])
    expect((await apply('web', { priority: 3 }, { 'if-match': 'version:2' })).status).toBe(200)
    expect((await apply('new', {}, { 'if-match': '0' })).status).toBe(200)
    expect((await apply('new', {}, { 'if-match': 'newest' })).problem().code).toBe('invalid_request')
  })

  it('records who asked', async () => {
    await apply('web', {}, { 'x-dunlin-actor': 'ana' })
    const { status } = (await given.send('GET', '/api/v1/jobs/default/web')).as(operations.getJob.response)
    expect(status.versions.map(({ by }) => by)).toEqual(['user:ana'])
  })

  it('tells what it translated', async () => {
    const answer = await apply('old', { deployment: { max_parallel: 2 } })
    expect(answer.as(operations.applyJob.response).warnings?.length).toBeGreaterThan(0)
  })
})

describe('one job', () => {
  it('is shown with spec, versions and an ETag that If-Match takes', async () => {
    await apply('web', { labels: { team: 'a' } })
    const shown = await given.send('GET', '/api/v1/jobs/default/web?min_seq=1')
    expect(operations.getJob.response.parse(shown.json())).toMatchObject({
      spec: { name: 'web', labels: { team: 'a' }, config: { command: 'sleep' } },
      status: { state: { state_type: 'pending' }, versions: [{ version: 1, seq: 1 }] },
    })
    const updated = await apply('web', { priority: 7 }, { 'if-match': String(shown.headers['etag']) })
    expect(updated.status).toBe(200)
  })

  it('stops, then can be deleted, then is not found; its name can be used again and counts on', async () => {
    await apply('web')
    const tooEarly = await given.send('DELETE', '/api/v1/jobs/default/web')
    expect([tooEarly.status, tooEarly.problem().code]).toEqual([409, 'job_not_stopped'])
    expect(
      (await given.send('POST', '/api/v1/jobs/default/web/stop', { body: { reason: 'test' } })).json(),
    ).toMatchObject({ revision: 2 })
    expect((await given.send('POST', '/api/v1/jobs/default/web/stop')).json()).toMatchObject({ unchanged: true })
    expect((await given.send('DELETE', '/api/v1/jobs/default/web')).status).toBe(200)
    for (const [method, url] of [
      ['GET', '/api/v1/jobs/default/web'],
      ['DELETE', '/api/v1/jobs/default/web'],
      ['POST', '/api/v1/jobs/default/web/stop'],
    ] as const)
      expect((await given.send(method, url)).problem().code).toBe('job_not_found')
    expect((await apply('web')).json()).toMatchObject({ version: 2 })
    expect((await given.send('DELETE', '/api/v1/jobs/default/web?force=true&reason=done')).status).toBe(200)
  })

  it('whose commits are missing or unreadable is shown as it was, says so, and takes no commands', async () => {
    await apply('web')
    const subject = jobSubject({ namespace: 'default', name: 'web' })
    const gap = { s: 1, v: 3, cmd: 'x', by: 'user:x', at: 1, ev: [{ type: 'JobStopped' }] }
    await given.store.log.append({ subject, data: Buffer.from(JSON.stringify(gap)), expected: 1 })
    const shown = (await given.send('GET', '/api/v1/jobs/default/web?min_seq=2')).as(operations.getJob.response)
    expect(shown.status).toMatchObject({ version: 1, lifecycle: 'active' })
    expect(shown.status.condition).toMatch(/^quarantined: /)
    const refused = await given.send('POST', '/api/v1/jobs/default/web/stop')
    expect([refused.status, refused.problem().code]).toEqual([500, 'log_gap'])
    const other = jobSubject({ namespace: 'default', name: 'torn' })
    await given.store.log.append({ subject: other, data: Buffer.from('{torn'), expected: 0 })
    const unknown = await given.send('GET', '/api/v1/jobs/default/torn?min_seq=3')
    expect([unknown.status, unknown.problem().code]).toEqual([500, 'log_gap'])
    expect((await apply('healthy')).status).toBe(200)
  })

  it('may have a name of dots, slashes and letters of any script', async () => {
    for (const [namespace, name] of [
      ['team/a', 'web.v1/blue'],
      ['日本', 'ジョブ'],
      ['a b', "o'neil%2F"],
    ] as const) {
      expect((await apply(name, { namespace })).status).toBe(200)
      const shown = await given.send('GET', `/api/v1/jobs/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`)
      expect(shown.json()).toMatchObject({ spec: { namespace, name } })
    }
  })
})

describe('lists', () => {
  it('page over jobs by cursor, filtered and counted', async () => {
    for (let i = 0; i < 7; i++)
      await apply(`web-${i}`, { namespace: i < 5 ? 'a' : 'b', labels: { odd: String(i % 2) } })
    await given.send('DELETE', '/api/v1/jobs/a/web-4?force=true')
    const names: string[] = []
    let cursor: string | undefined
    do {
      const page = operations.listJobs.response.parse(
        (
          await given.send('GET', `/api/v1/jobs?namespace=a&limit=3${cursor === undefined ? '' : `&cursor=${cursor}`}`)
        ).json(),
      )
      expect(page).toMatchObject({ total: 4, total_is_exact: true, seq: 8 })
      names.push(...page.items.map(({ spec }) => spec.name))
      cursor = page.next_cursor
    } while (cursor !== undefined)
    expect(names).toEqual(['web-0', 'web-1', 'web-2', 'web-3'])
    const of = async (query: string) =>
      (await given.send('GET', `/api/v1/jobs?${query}`)).as(operations.listJobs.response).total
    expect(await of('label=odd=1')).toBe(3)
    expect(await of('namespace=b&name_prefix=web-5')).toBe(1)
    expect(await of('state=deleted')).toBe(1)
    expect(await of('type=pipeline')).toBe(0)
  })

  it('refuse a cursor of another filter, an unknown parameter and a wrong limit', async () => {
    await apply('a')
    await apply('b')
    const { next_cursor } = (await given.send('GET', '/api/v1/jobs?limit=1')).json()
    for (const query of [
      `type=process&cursor=${String(next_cursor)}`,
      'cursor=x',
      'limit=0',
      'limit=1001',
      'stat=running',
      'state=fine',
      'name_prefix=a',
    ])
      expect((await given.send('GET', `/api/v1/jobs?${query}`)).problem()).toMatchObject({
        code: 'invalid_request',
        status: 400,
      })
  })

  it('show nodes and executions joined from decisions and reports, and follow what happens', async () => {
    await joinNode(given, 'edge-1', { region: 'eu' })
    await joinNode(given, 'edge-2', { region: 'us' })
    await apply('web')
    const execution = '01J0000000000000000000000X'
    const rollout = '01J0000000000000000000000R'
    const content = 'c'.repeat(64)
    const grant = {
      type: 'NodesGranted',
      rollout,
      wave: 0,
      version: 1,
      content,
      epoch: 0,
      grants: [['edge-1', execution]],
    }
    const opened = {
      type: 'RolloutOpened',
      rollout,
      rolloutType: 'create',
      version: 1,
      content,
      seed: 1,
      policy: { strategy: 'rolling' },
    }
    const granted = await given.write(jobSubject({ namespace: 'default', name: 'web' }), [opened, grant])
    const list = async (query: string) =>
      operations.listExecutions.response.parse((await given.send('GET', `/api/v1/executions?${query}`)).json())
    expect((await list(`namespace=default&job=web&min_seq=${granted}`)).items).toMatchObject([
      { id: execution, job: 'web', node: 'edge-1', state: 'pending', desired: 'running', stale: false },
    ])
    const countsOf = async () =>
      operations.listNodes.response
        .parse((await given.send('GET', '/api/v1/nodes')).json())
        .items.map((node) => node.executions)
    expect(await countsOf()).toEqual([1, 0])
    const failed = {
      type: 'ExecutionReported',
      journal: '01J00000000000000000000001',
      j: 1,
      execution,
      job: { namespace: 'default', name: 'web' },
      generation: [0, granted],
      content,
      state: 'failed',
      attempt: 2,
      at: 1_700_000_000_000,
      exit: { code: 127, signal: null },
      error: { code: 'exec_failed', message: 'not found' },
    }
    const reported = await given.write(reportSubject('edge-1'), [failed], `${BOOT}/2`)
    expect((await list(`state=failed&min_seq=${reported}`)).items).toMatchObject([
      { id: execution, attempt: 2, exit: { code: 127 } },
    ])
    expect((await list('state=pending')).total).toBe(0)
    expect((await list('node=edge-2')).total).toBe(0)

    // Stopping voids the grant; the node still knows the execution.
    await given.send('POST', '/api/v1/jobs/default/web/stop')
    expect((await list('node=edge-1')).items).toMatchObject([{ id: execution, desired: 'stopped', state: 'failed' }])

    const nodes = operations.listNodes.response.parse((await given.send('GET', '/api/v1/nodes?label=region=eu')).json())
    expect(nodes).toMatchObject({
      total: 1,
      items: [{ id: 'edge-1', connection: 'connected', executions: 0, drivers: ['process'] }],
    })
    expect((await given.send('GET', '/api/v1/nodes/edge-2')).json()).toMatchObject({
      id: 'edge-2',
      admission: 'admitted',
    })
    expect((await given.send('GET', '/api/v1/nodes/edge-3')).problem().code).toBe('node_not_found')
  })
})

describe('the service itself', () => {
  it('serves an OpenAPI document that names every operation', async () => {
    const document = (await given.send('GET', '/openapi.json')).json() as unknown as OpenApi
    expect(document.openapi).toMatch(/^3\.1/)
    const ids = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    )
    expect(ids.toSorted()).toEqual(Object.keys(operations).toSorted())
  })

  it('tells liveness, readiness and metrics', async () => {
    expect((await given.send('GET', '/livez')).json()).toEqual({ live: true })
    expect((await given.send('GET', '/readyz')).json()).toEqual({ ready: true, seq: 0, reasons: [] })
    expect((await given.send('GET', '/metrics')).text).toContain('dunlin_ready 1')
  })

  it('answers what it does not know with problems', async () => {
    const unknown = await given.send('GET', '/api/v2/jobs')
    expect([unknown.status, unknown.problem().code]).toEqual([404, 'route_not_found'])
    const wrong = await given.send('PATCH', '/api/v1/jobs/a/b')
    expect([wrong.status, wrong.headers['allow'], wrong.problem().code]).toEqual([
      405,
      'GET, DELETE',
      'method_not_allowed',
    ])
    expect(String(wrong.headers['content-type'])).toContain('application/problem+json')
  })

  it('waits for a sequence, and says so when it does not come', async () => {
    const early = given.send('GET', '/api/v1/jobs?min_seq=1')
    await apply('web')
    expect((await early).json()).toMatchObject({ total: 1 })
  })
})
