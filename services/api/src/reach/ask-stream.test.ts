import { MORE, moreSchema, writeFrame, type Frame, type NodeId } from '@dunlin/contracts'
import type { BusMessage } from '@dunlin/eventstore'
import { createMemoryStore } from '@dunlin/eventstore/memory'
import { seededRandom } from '@dunlin/runtime'
import { createVirtualClock } from '@dunlin/testkit'
import { describe, expect, it } from 'vitest'
import { askStream, type StreamItem } from './ask-stream.ts'

const NODE = 'n1' as NodeId
const item = (n: number): Frame => ({ n, is: 'item', value: n, bytes: new Uint8Array() })

const start = () => {
  const clock = createVirtualClock(0)
  const { bus } = createMemoryStore({ clock })
  const asked: BusMessage[] = []
  const heard: { taken: number; stop?: boolean | undefined }[] = []
  bus.subscribe(`rpc.${NODE}.logs`, (message) => void asked.push(message))
  bus.subscribe(`rpc.${NODE}.${MORE}`, ({ data }) =>
    heard.push(moreSchema.parse(JSON.parse(new TextDecoder().decode(data)))),
  )
  const stop = new AbortController()
  const ask = (method = 'logs'): AsyncGenerator<StreamItem, unknown> =>
    askStream(
      { bus, clock, random: seededRandom(1) },
      { node: NODE, method, question: { job: 'x' }, window: 4, signal: stop.signal },
    )
  const pass = (ms: number): Promise<void> => clock.run(clock.monotonicMs() + ms)
  const send = (...frames: Frame[]): void => {
    for (const frame of frames) asked[0]?.respond(writeFrame(frame))
  }
  return { ask, asked, heard, pass, send, stop }
}

/** The code of what it failed with, told later than it was asked for. */
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'none',
    (error: unknown) => (error as { readonly code?: string }).code,
  )

describe('a question whose answer comes in parts', () => {
  it('takes the parts in their order, says how far it is, and gives what was said last', async () => {
    const { ask, heard, pass, send, asked } = start()
    const parts = ask()
    const first = parts.next()
    await pass(1)
    expect(JSON.parse(new TextDecoder().decode(asked[0]?.data))).toMatchObject({ job: 'x', window: 4 })
    send(item(1), item(2), { n: 3, is: 'alive' }, item(4), { n: 5, is: 'end', value: { exit: 0 } })
    await pass(1)
    const all = [await first, await parts.next(), await parts.next(), await parts.next()]
    expect(all.map(({ done, value }) => (done ? value : value.value))).toEqual([1, 2, 4, { exit: 0 }])
    await pass(1)
    expect(heard.map(({ taken }) => taken)).toEqual([2])
  })

  it('says nothing of what it has not taken, and goes on saying that it is there', async () => {
    const { ask, heard, pass, send } = start()
    const parts = ask()
    const first = parts.next()
    await pass(1)
    send(item(1), item(2), item(3), item(4))
    await pass(1)
    await first
    for (let n = 5; n < 9; n++) {
      send({ n, is: 'alive' })
      await pass(2_100)
    }
    expect(heard.length).toBeGreaterThan(2)
    expect(heard.every(({ taken }) => taken === 0)).toBe(true)
  })

  it.each<[string, Frame[], string]>([
    ['lost', [item(1), item(3)], 'stream_interrupted'],
    ['more than was asked for', Array.from({ length: 30 }, (_, i) => item(i + 1)), 'stream_interrupted'],
    ['a refusal', [{ n: 1, is: 'end', problem: { code: 'exec_not_allowed' } }], 'exec_not_allowed'],
    ['a method that is not known', [{ n: 1, is: 'end', problem: { code: 'not_built' } }], 'node_too_old'],
  ])('ends with an error when a part is %s', async (_, frames, code) => {
    const { ask, pass, send, heard } = start()
    const parts = ask()
    const taken: unknown[] = []
    const reading = (async () => {
      for await (const part of parts) taken.push(part)
    })()
    const failed = codeOf(reading)
    await pass(1)
    send(...frames)
    await pass(1)
    expect(await failed).toBe(code)
    await pass(1)
    // A node that goes on is told to stop only when it did not end by itself.
    expect(heard.some(({ stop }) => stop === true)).toBe(code === 'stream_interrupted')
  })

  it('takes a repeated part once', async () => {
    const { ask, pass, send } = start()
    const parts = ask()
    const first = parts.next()
    await pass(1)
    send(item(1), item(1), item(2), item(1), { n: 3, is: 'end' })
    await pass(1)
    const values = [await first, await parts.next(), await parts.next()].map(
      ({ value }) => (value as StreamItem)?.value,
    )
    expect(values).toEqual([1, 2, undefined])
  })

  it('takes an agent of an older release, which answers with one message, for what it is', async () => {
    const { ask, pass, asked } = start()
    const first = ask().next()
    const failed = codeOf(first)
    await pass(1)
    asked[0]?.respond(new TextEncoder().encode('{"error":{"code":"not_built","detail":"no logs"}}'))
    await pass(1)
    expect(await failed).toBe('node_too_old')
  })

  it('says that the node is offline when nobody listens, or nobody says a word for some seconds', async () => {
    const { ask, pass } = start()
    const nobody = codeOf(ask('none').next())
    await pass(1)
    expect(await nobody).toBe('node_offline')
    const silent = codeOf(ask().next())
    await pass(10_000)
    expect(await silent).toBe('node_offline')
  })

  it('tells the node when it has enough', async () => {
    const { ask, pass, send, heard, stop } = start()
    const parts = ask()
    const first = parts.next()
    await pass(1)
    send(item(1))
    await pass(1)
    await first
    const next = parts.next()
    stop.abort()
    expect(await next).toEqual({ done: true, value: undefined })
    await pass(1)
    expect(heard.at(-1)).toMatchObject({ stop: true })
  })
})
