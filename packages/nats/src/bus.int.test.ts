import { afterAll, beforeAll, expect, test } from 'vitest'
import { startNatsServer, type TestNatsServer } from '@dunlin/testkit'
import { connectStore, type ConnectedStore } from './index.ts'
import { bytes, text, until } from './test-tools/wait.ts'

let server: TestNatsServer
let store: ConnectedStore
beforeAll(async () => {
  server = await startNatsServer()
  store = await connectStore({ url: server.url, name: 'test' })
})
afterAll(async () => {
  await store.close()
  await server.stop()
})

test('wildcards, headers, and nothing after stop', async () => {
  const seen: string[] = []
  const subscription = store.bus.subscribe('hb.>', (m) =>
    seen.push(`${m.subject} ${text(m.data)} ${m.headers['A'] ?? '-'}`),
  )
  store.bus.publish('hb.1.n1', bytes('x'), { A: 'b' })
  store.bus.publish('hb.2.n2', bytes('y'))
  await until(() => seen.length === 2, 'both')
  expect(seen).toEqual(['hb.1.n1 x b', 'hb.2.n2 y -'])
  subscription.stop()
  store.bus.publish('hb.1.n1', bytes('z'))
  await store.bus.flush()
  expect(seen).toHaveLength(2)
})

test('a queue group hears each message once', async () => {
  const other = await connectStore({ url: server.url, name: 'other', noEnsure: true })
  let heard = 0
  const members = [store, other].map((s) => s.bus.subscribe('work.*', () => void heard++, { queue: 'g' }))
  await Promise.all([store.bus.flush(), other.bus.flush()])
  for (let i = 0; i < 100; i++) store.bus.publish('work.x', bytes('x'))
  await store.bus.flush()
  await other.bus.flush()
  await until(() => heard >= 100, 'all')
  expect(heard).toBe(100)
  for (const member of members) member.stop()
  await other.close()
})

test('a request is answered, or no_answer: at once when nobody listens', async () => {
  const deaf = store.bus.subscribe('rpc.n1.deaf', () => {})
  const echo = store.bus.subscribe('rpc.n1.echo', (m) => void m.respond(bytes(`echo ${text(m.data)}`)))
  expect(text((await store.bus.request('rpc.n1.echo', bytes('hi'), 5_000)).data)).toBe('echo hi')
  await expect(store.bus.request('rpc.n1.nobody', bytes(''), 60_000)).rejects.toMatchObject({
    code: 'no_answer',
    retryable: true,
  })
  await expect(store.bus.request('rpc.n1.deaf', bytes(''), 50)).rejects.toMatchObject({ code: 'no_answer' })
  deaf.stop()
  echo.stop()
})

test('loss and return of the connection are told, and subscriptions live on', async () => {
  const told: boolean[] = []
  const seen: string[] = []
  const live = store.bus.onLive((now) => told.push(now))
  const subscription = store.bus.subscribe('hb.1.n1', (m) => seen.push(text(m.data) ?? ''))
  await server.kill9()
  await until(() => told.length === 1, 'the loss')
  store.bus.publish('hb.1.n1', bytes('said into the void'))
  await server.restart()
  await until(() => told.length === 2, 'the return')
  expect(told).toEqual([false, true])
  store.bus.publish('hb.1.n1', bytes('again'))
  await until(() => seen.length > 0, 'heard again')
  expect(seen).toEqual(['again'])
  live.stop()
  subscription.stop()
})
