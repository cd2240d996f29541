/** What is told of nodes that were heard: when, and how far their clocks are off. */
import { HEARTBEAT_SCHEMA, heardAnswerSchema, type NodeId } from '@dunlin/contracts'
import { createMemoryStore } from '@dunlin/eventstore/memory'
import { HEARD, heartbeatSubject } from '@dunlin/nats'
import { systemClock } from '@dunlin/runtime'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { answerHeard } from './answer.ts'
import { listen } from './listen.ts'

const START = 1_800_000_000_000
const begin = () => {
  let now = 0
  const clock = { ...systemClock, nowMs: () => START + now, monotonicMs: () => now }
  const store = createMemoryStore()
  const listener = listen(store.bus, clock, () => {}, { epoch: () => 0, onExcess: () => {} })
  answerHeard(store.bus, listener, (node) => (node === 'illiterate' ? 12.4 : undefined))
  let n = 0
  const beat = (node: string, offset: number): void => {
    n += 1
    const heartbeat = {
      s: HEARTBEAT_SCHEMA,
      node,
      boot: '01J00000000000000000000000',
      n,
      at: clock.nowMs() + offset,
      gen: [0, 0],
      rep: 0,
      ex: [],
    }
    store.bus.publish(heartbeatSubject(node), Buffer.from(JSON.stringify(heartbeat)))
  }
  /** `waitMs` is what a machine that stands still for a moment may take; short only where no answer is wanted. */
  const ask = async (nodes: unknown, waitMs = 20_000) => {
    const answer = await store.bus.request(HEARD, Buffer.from(JSON.stringify({ nodes })), waitMs).catch(() => undefined)
    return answer === undefined
      ? undefined
      : heardAnswerSchema.parse(JSON.parse(new TextDecoder().decode(answer.data))).nodes
  }
  /** What was sent has arrived by then. */
  const pass = async (ms: number): Promise<void> => {
    await turn()
    now += ms
  }
  return { store, beat, ask, pass }
}

describe('a scheduler that is asked', () => {
  it('tells the median of the last heartbeats, so that one which was long under way changes nothing', async () => {
    const { beat, ask, pass } = begin()
    for (const offset of [40_000, 41_000, -3_000, 40_500, 40_200]) {
      beat('edge-1', offset)
      await pass(10_000)
    }
    expect(await ask(['edge-1', 'nobody'])).toEqual({ 'edge-1': { at: START + 40_000, offset: 40_200 } })
  })
  it('tells for how long a node has not read its document, where it knows', async () => {
    const { beat, ask, pass } = begin()
    beat('illiterate', 0)
    await pass(0)
    expect(await ask(['illiterate'])).toEqual({ illiterate: { at: START, offset: 0, unread: 12 } })
  })
  it('follows a clock that was set right', async () => {
    const { beat, ask, pass } = begin()
    for (const offset of [-90_000, -90_000, -90_000, -90_000, -90_000, 10, 12, 11]) {
      beat('edge-1', offset)
      await pass(10)
    }
    expect((await ask(['edge-1']))?.['edge-1' as NodeId]?.offset).toBe(10)
  })
  it('says nothing while it is blind, or to what is no question', async () => {
    const { ask, store, beat } = begin()
    beat('edge-1', 0)
    expect(await ask('everybody', 50)).toBeUndefined()
    store.faults.bus.setLive(false)
    expect(await ask(['edge-1'], 50)).toBeUndefined()
  })
})
