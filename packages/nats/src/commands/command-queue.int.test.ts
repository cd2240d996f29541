import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { QueuedCommand } from '@dunlin/eventstore'
import { startNatsServer, type TestNatsServer } from '@dunlin/testkit'
import { apiRequest } from '../api.ts'
import { openLink, type Link } from '../connection.ts'
import { connectStore, type ConnectedStore } from '../index.ts'
import { startProxy } from '../test-tools/proxy.ts'
import { bytes, text, until } from '../test-tools/wait.ts'

let server: TestNatsServer
let store: ConnectedStore
let link: Link
beforeAll(async () => {
  server = await startNatsServer()
  store = await connectStore({ url: server.url, name: 'test' })
  link = await openLink({ url: server.url, name: 'any client' })
})
afterAll(async () => {
  await link.close()
  await store.close()
  await server.stop()
})

const send = (subject: string, body: string, id?: string): void =>
  store.bus.publish(subject, bytes(body), id === undefined ? undefined : { 'Nats-Msg-Id': id })
const queued = async (): Promise<number> =>
  (await apiRequest<{ state: { messages: number } }>(link, 'STREAM.INFO.COMMANDS')).state.messages

test('commands come in order with id, headers and place; done removes them', async () => {
  const seen: QueuedCommand[] = []
  const consuming = store.commands.consume(async (command) => {
    seen.push(command)
    await command.done()
  })
  for (let i = 0; i < 200; i++) send('cmd.job.a.b.apply', `${i}`, `c${i}`)
  send('cmd.node.n1.drain', 'no id')
  await until(() => seen.length === 201, 'all came')
  const ofJob = seen.filter((c) => c.subject === 'cmd.job.a.b.apply')
  expect(ofJob.map((c) => text(c.data))).toEqual(Array.from({ length: 200 }, (_, i) => `${i}`))
  expect(ofJob.map((c) => c.seq)).toEqual(ofJob.map((c) => c.seq).sort((a, b) => a - b))
  expect(ofJob[3]).toMatchObject({ msgId: 'c3', headers: { 'Nats-Msg-Id': 'c3' } })
  expect(seen.find((c) => c.subject.startsWith('cmd.node'))?.msgId).toBeUndefined()
  expect(Date.parse(ofJob[0]?.created ?? '')).toBeGreaterThan(0)
  await until(async () => (await queued()) === 0, 'the queue is empty')
  consuming.stop()
})

test('one of each job at a time, jobs beside each other, and a failing one keeps its place', async () => {
  const order: string[] = []
  let failures = 0
  const blocked = Promise.withResolvers<void>()
  const consuming = store.commands.consume(async (command) => {
    const word = text(command.data) ?? ''
    if (word === 'slow') await blocked.promise
    if (word === 'flaky' && failures++ < 2) throw new Error('not now')
    order.push(word)
    await command.done()
  })
  send('cmd.job.a.slow.apply', 'slow')
  send('cmd.job.a.slow.stop', 'after slow')
  send('cmd.job.a.flaky.apply', 'flaky')
  send('cmd.job.a.flaky.stop', 'after flaky')
  await until(() => order.length === 2, 'the other job went on')
  expect(order).toEqual(['flaky', 'after flaky'])
  blocked.resolve()
  await until(() => order.length === 4, 'all')
  expect(order.slice(2)).toEqual(['slow', 'after slow'])
  await until(async () => (await queued()) === 0, 'the queue is empty')
  consuming.stop()
})

test('a refused command is kept with its reason and its body, and leaves the queue', async () => {
  const consuming = store.commands.consume((command) =>
    command.refused(command.msgId ?? 'none', bytes('{"code":"invalid_spec"}')),
  )
  send('cmd.job.a.bad.apply', '{"spec": 1}', 'odd id/1.x')
  send('cmd.job.a.bad.apply', 'x'.repeat(200_000), 'long')
  await until(async () => (await store.commands.refusal('long')) !== undefined, 'both refused')
  expect(text(await store.commands.refusal('odd id/1.x'))).toBe('{"code":"invalid_spec"}')
  expect(await store.commands.refusal('never seen')).toBeUndefined()
  const dead = await apiRequest<{ message: { data: string } }>(link, 'STREAM.MSG.GET.DEAD', {
    last_by_subj: 'dead.long',
  })
  expect(JSON.parse(Buffer.from(dead.message.data, 'base64').toString())).toMatchObject({
    subject: 'cmd.job.a.bad.apply',
    command_id: 'long',
    truncated: true,
  })
  await until(async () => (await queued()) === 0, 'the queue is empty')
  consuming.stop()
})

test('with two instances each command is handled once, in order, and the second takes over when the first ends', async () => {
  const proxy = await startProxy(server.port)
  const first = await connectStore({ url: proxy.url, name: 'first', pingIntervalMs: 500 })
  const second = await connectStore({ url: server.url, name: 'second' })
  const seen: string[] = []
  const by = (who: string) => async (command: QueuedCommand) => {
    await pause(1)
    seen.push(`${who} ${text(command.data)}`)
    await command.done()
  }
  const one = first.commands.consume(by('first'))
  send('cmd.job.a.two.apply', 'start')
  await until(() => seen.length === 1, 'the first has it')
  const two = second.commands.consume(by('second'))
  for (let i = 0; i < 50; i++) send('cmd.job.a.two.apply', `${i}`)
  await until(() => seen.length === 51, 'all')
  // A command whose acknowledgement is cut off with the first would rightly come again.
  await until(async () => (await queued()) === 0, 'all are acknowledged')
  expect(seen).toEqual(['first start', ...Array.from({ length: 50 }, (_, i) => `first ${i}`)])
  // The first is cut off for good: its place falls to the second, which begins with what is left.
  proxy.block()
  proxy.cut()
  for (let i = 50; i < 60; i++) send('cmd.job.a.two.apply', `${i}`)
  await until(() => seen.length === 61, 'the second took over', 45_000)
  expect(seen.slice(51)).toEqual(Array.from({ length: 10 }, (_, i) => `second ${50 + i}`))
  one.stop()
  two.stop()
  await Promise.all([first.close(), second.close()])
  await proxy.stop()
})

test('commands survive a server that is killed', async () => {
  const seen: string[] = []
  const consuming = store.commands.consume(async (command) => {
    seen.push(text(command.data) ?? '')
    await command.done()
  })
  send('cmd.job.a.k.apply', 'before')
  await until(() => seen.includes('before'), 'before')
  await server.kill9()
  await server.restart()
  await until(() => store.isLive(), 'connected again')
  send('cmd.job.a.k.apply', 'after')
  await until(() => seen.includes('after'), 'after')
  expect(seen.filter((word) => word === 'after')).toHaveLength(1)
  consuming.stop()
})
