/** Heartbeats of a node that turned bad: it harms nobody but itself. */
import { HEARTBEAT_SCHEMA, heardAnswerSchema, type NodeId } from '@dunlin/contracts'
import { createMemoryStore } from '@dunlin/eventstore/memory'
import { HEARD, heartbeatSubject } from '@dunlin/nats'
import { systemClock } from '@dunlin/runtime'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { answerHeard } from './answer.ts'
import { listen } from './listen.ts'

const begin = (epoch = 0) => {
  let now = 0
  const clock = { ...systemClock, nowMs: () => 1_800_000_000_000 + now, monotonicMs: () => now }
  const store = createMemoryStore()
  const excess: string[] = []
  const listener = listen(store.bus, clock, () => {}, { epoch: () => epoch, onExcess: (node) => excess.push(node) })
  answerHeard(store.bus, listener)
  let n = 0
  const say = (node: string, text: string): void => store.bus.publish(heartbeatSubject(node), Buffer.from(text))
  const beat = (node: string, more: object = {}): void =>
    say(
      node,
      JSON.stringify({
        s: HEARTBEAT_SCHEMA,
        node,
        boot: '01J00000000000000000000000',
        n: (n += 1),
        at: clock.nowMs(),
        gen: [0, 0],
        rep: 0,
        ex: [],
        ...more,
      }),
    )
  return { store, listener, excess, say, beat, pass: (ms: number) => void (now += ms) }
}

it('believes no epoch that is out of reach, so that the next one is heard of by all', async () => {
  const { listener, beat, excess } = begin(7)
  for (const epoch of [2 ** 20 + 1, 2 ** 40, Number.MAX_SAFE_INTEGER]) beat('bad', { gen: [epoch, 1] })
  beat('good', { gen: [8, 1] })
  await turn()
  expect([listener.highestEpoch(), [...listener.heard.keys()], excess]).toEqual([8, ['good'], ['bad', 'bad', 'bad']])
})

it.each([
  ['of years, under a log that was lost whole', 1, 5_000],
  ['a little further, however high they are', 2 ** 30, 2 ** 30 + 1_000],
])('believes epochs %s', async (_, inForce, shown) => {
  const { listener, beat } = begin(inForce)
  beat('n', { gen: [shown, 1] })
  await turn()
  expect(listener.highestEpoch()).toBe(shown)
})

it('answers for all others whatever instants one shows', async () => {
  const { store, beat } = begin()
  for (const at of [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 8.64e15 + 1, -1]) beat('bad', { at })
  beat('late', { at: Date.parse('9999-12-31T23:59:59Z') })
  beat('first', { at: 0 })
  beat('good')
  await turn()
  const question = Buffer.from(JSON.stringify({ nodes: ['bad', 'late', 'first', 'good'] }))
  const { data } = await store.bus.request(HEARD, question, 1_000)
  const { nodes } = heardAnswerSchema.parse(JSON.parse(new TextDecoder().decode(data)))
  expect(Object.keys(nodes)).toEqual(['late', 'first', 'good'])
  expect(nodes['good']?.offset).toBe(0)
})

it('reads so many of one node, and all of an honest one beside it', async () => {
  const { listener, beat, excess, pass } = begin()
  for (let n = 0; n < 1_000; n += 1) {
    beat('bad')
    if (n % 100 === 0) beat('good')
  }
  await turn()
  const refused = listener.refused()
  expect([refused > 900, new Set(excess)]).toEqual([true, new Set(['bad'])])
  pass(60_000)
  beat('bad')
  await turn()
  expect(listener.refused()).toBe(refused)
})

it('takes large ones for many', async () => {
  const { listener, beat } = begin()
  const x = { x: '01J0000000000000000000000X', g: [0, 0], st: 'running', in: 1, er: 0, rs: 0 }
  for (let n = 0; n < 50; n += 1) beat('bad', { ex: Array.from({ length: 9_000 }, () => x) })
  await turn()
  expect(listener.refused()).toBeGreaterThan(40)
})

it.each([
  '',
  'null',
  '[]',
  '"NaN"',
  '{"s":1}',
  `${'['.repeat(200_000)}${']'.repeat(200_000)}`,
  `{"s":1,"node":"bad","boot":"01J00000000000000000000000","n":1,"at":1,"gen":[0,0],"rep":0,"ex":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
  '{"s":1,"node":"good","boot":"01J00000000000000000000000","n":1,"at":1,"gen":[0,0],"rep":0,"ex":[]}',
  '{"s":1,"node":"bad","boot":"01J00000000000000000000000","n":1e308,"at":1,"gen":[0,0],"rep":0,"ex":[]}',
  '{"s":1,"node":"bad","boot":"01J00000000000000000000000","n":-1,"at":1,"gen":[0,0],"rep":0,"ex":[]}',
  '{"s":1,"node":"bad","boot":"01J00000000000000000000000","n":1,"at":"NaN","gen":[0,0],"rep":0,"ex":[]}',
  '{"s":1,"node":"bad","boot":"01J00000000000000000000000","n":1,"at":1,"gen":[-1,0],"rep":0,"ex":[]}',
  '{"s":1,"node":"bad","boot":"__proto__","n":1,"at":1,"gen":[0,0],"rep":0,"ex":[]}',
])('refuses what is no heartbeat of the node that sends it: %#', async (text) => {
  const { listener, say, excess } = begin()
  say('bad', text)
  await turn()
  expect([listener.refused(), listener.heard.has('bad' as NodeId), listener.heard.size, excess]).toEqual([
    1,
    false,
    0,
    ['bad'],
  ])
})
