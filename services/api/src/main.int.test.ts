import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createClient } from '@dunlin/client'
import { commandSubject, connectStore, outcomeSubject } from '@dunlin/nats'
import { startNatsServer, type TestNatsServer } from '@dunlin/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { processSpec } from './test-tools/in-process.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
let server: TestNatsServer
const children: ChildProcess[] = []
beforeAll(async () => {
  server = await startNatsServer()
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(() => server.stop())

const exitOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => {
    if (child.exitCode !== null) return resolve(child.exitCode)
    child.once('exit', (code) => resolve(code))
  })

/** The real process; resolves with its ready line. */
const start = async (more: readonly string[] = []): Promise<{ child: ChildProcess; url: string; ready: unknown }> => {
  const flags = ['--nats-url', server.url, '--port', '0', '--log-level', 'error', ...more]
  const child = spawn(process.execPath, ['--conditions', 'dunlin-source', main, ...flags], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  for await (const line of createInterface({ input: child.stdout })) {
    const ready = JSON.parse(line) as { url: string }
    return { child, url: ready.url, ready }
  }
  throw new Error(`the API ended with ${await exitOf(child)} before it was ready`)
}

describe('the API as a process on a real server', () => {
  it('prints one ready line, applies, streams, answers by subject, and ends with 0 on SIGTERM', async () => {
    const { child, url, ready } = await start(['--health-port', '0'])
    expect(ready).toMatchObject({ ready: true, service: 'api', health: expect.stringContaining('http://') as string })
    const client = createClient({ baseUrl: url })
    const { seq } = await client.jobs.apply({ spec: processSpec('web') })
    expect(await client.jobs.get({ namespace: 'default', name: 'web' }, { min_seq: seq })).toMatchObject({
      status: { version: 1 },
    })

    const other = await connectStore({ url: server.url, name: 'some client' })
    const outcome = new Promise((resolve) => {
      other.bus.subscribe(outcomeSubject('by-subject'), ({ data }) =>
        resolve(JSON.parse(new TextDecoder().decode(data))),
      )
    })
    await other.bus.flush()
    const subject = commandSubject({ namespace: 'default', name: 'web' }, 'stop')
    other.bus.publish(subject, Buffer.from('{"reason":"test"}'), { 'Nats-Msg-Id': 'by-subject' })
    expect(await outcome).toMatchObject({ ok: true, command_id: 'by-subject', revision: 2 })
    await other.close()
    expect(await client.commands.get('by-subject')).toMatchObject({ ok: true, revision: 2 })

    const stop = new AbortController()
    const types: string[] = []
    for await (const event of client.events(
      { namespace: 'default', job: 'web' },
      { since: seq - 1, signal: stop.signal },
    )) {
      types.push(...event.events.map(({ type }) => type))
      if (types.length === 2) stop.abort()
    }
    expect(types).toEqual(['JobCreated', 'JobStopped'])
    child.kill('SIGTERM')
    expect(await exitOf(child)).toBe(0)
  })

  it('killed with -9 and started again shows the same, and remembers what it answered', async () => {
    const first = await start()
    const client = createClient({ baseUrl: first.url })
    for (let i = 0; i < 20; i++)
      await client.jobs.apply({ spec: processSpec(`job-${i}`) }, { idempotencyKey: `k-${i}` })
    const before = await client.jobs.list({ limit: 100 })
    first.child.kill('SIGKILL')
    await exitOf(first.child)
    const port = new URL(first.url).port
    const second = await start(['--port', port])
    const again = createClient({ baseUrl: second.url })
    expect(await again.jobs.list({ limit: 100 })).toEqual(before)
    const repeated = await again.jobs.apply({ spec: processSpec('job-3') }, { idempotencyKey: 'k-3' })
    expect(repeated).toMatchObject({ unchanged: false, version: 1 })
    expect((await again.jobs.list({ limit: 1 })).seq).toBe(before.seq)
  })

  it('ends when standard input closes, if it was told to', async () => {
    const { child } = await start(['--exit-with-parent'])
    child.stdin?.end()
    expect(await exitOf(child)).toBe(0)
  })

  it('tells wrong configuration and an unreachable server by exit code', async () => {
    const wrong = spawn(process.execPath, ['--conditions', 'dunlin-source', main, '--port', 'x'], { stdio: 'ignore' })
    expect(await exitOf(wrong)).toBe(2)
    const nowhere = ['--nats-url', 'nats://127.0.0.1:1', '--port', '0']
    const lost = spawn(process.execPath, ['--conditions', 'dunlin-source', main, ...nowhere], { stdio: 'ignore' })
    expect(await exitOf(lost)).toBe(1)
  })

  it('says not ready while the server is gone, and answers again when it is back', async () => {
    const { url } = await start()
    const store = await connectStore({ url: server.url, name: 'other' })
    await server.kill9()
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 30_000 }).toBe(503)
    await server.restart()
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 30_000 }).toBe(200)
    expect(await createClient({ baseUrl: url }).jobs.apply({ spec: processSpec('after') })).toMatchObject({ ok: true })
    await store.close()
  })
})
