import { moreSchema, readFrame, SILENT_AFTER_MS, type Frame } from '@dunlin/contracts/agent'
import { createVirtualClock } from '@dunlin/testkit'
import { describe, expect, it } from 'vitest'
import { createStreams, type Out } from './streams.ts'

const STREAM = '01M7Z3YDZ15VB8MXBCB2N2HRH0'
const more = (taken: number, stop = false) => moreSchema.parse({ stream: STREAM, taken, stop })

const start = (run: (out: Out) => Promise<unknown>, window = 4) => {
  const clock = createVirtualClock(0)
  const streams = createStreams(clock)
  const frames: Frame[] = []
  const message = {
    subject: 'rpc.n1.logs',
    data: new Uint8Array(),
    headers: {},
    wantsAnswer: true,
    respond: (data: Uint8Array) => frames.push(readFrame(data) as Frame) > 0,
  }
  streams.open(message, { stream: STREAM, window }, run)
  const pass = (ms: number): Promise<void> => clock.run(clock.monotonicMs() + ms)
  return { clock, streams, frames, pass, message }
}
/** As fast as it may, until nobody wants more. */
const endless = async (out: Out): Promise<string> => {
  for (let i = 0; await out.ready(); i++) out.item({ i })
  return 'over'
}

describe('an answer in parts', () => {
  it('never has more under way than was asked for, however slowly they are taken', async () => {
    const { streams, frames, pass } = start(endless)
    await pass(100)
    expect(frames.map(({ n }) => n)).toEqual([1, 2, 3, 4])
    streams.more(more(3))
    // Late and repeated words take nothing back and give nothing twice.
    streams.more(more(1))
    streams.more(more(3))
    await pass(100)
    expect(frames).toHaveLength(7)
    streams.more(more(7, true))
    await pass(100)
    expect([frames.length, streams.count()]).toEqual([7, 0])
  })

  it('is numbered without gaps, signs of life and the end included', async () => {
    const { frames, pass, streams, clock } = start(async (out) => {
      await out.ready()
      out.item({ first: true }, new Uint8Array([1, 10, 2]))
      await new Promise<void>((resolve) => void clock.after(5_000, resolve))
      return { done: true }
    })
    await pass(3_000)
    streams.more(more(1))
    await pass(3_000)
    expect(frames.map(({ n }) => n)).toEqual(frames.map((_, i) => i + 1))
    expect(frames.map(({ is }) => is)).toEqual(['item', 'alive', 'alive', 'end'])
    expect(frames.at(-1)).toMatchObject({ value: { done: true } })
  })

  it('ends when the caller is silent for some seconds, and says nothing more', async () => {
    let told: unknown
    const { frames, pass, streams } = start(async (out) => {
      out.signal.addEventListener('abort', () => (told = out.signal.reason))
      return endless(out)
    })
    await pass(SILENT_AFTER_MS - 1_000)
    expect(streams.count()).toBe(1)
    await pass(2_000)
    expect(streams.count()).toBe(0)
    expect(String(told)).toContain('the caller is gone')
    const { length } = frames
    await pass(10_000)
    expect(frames).toHaveLength(length)
  })

  it('lasts as long as the caller says that it is there', async () => {
    const { pass, streams } = start(endless)
    for (let i = 0; i < 20; i++) {
      await pass(2_000)
      streams.more(more(0))
    }
    expect(streams.count()).toBe(1)
    streams.stop()
    await pass(1)
    expect(streams.count()).toBe(0)
  })

  it('says why it failed, in its last part', async () => {
    const { frames, pass } = start(() => Promise.reject(new Error('the disk is gone')))
    await pass(1)
    expect(frames).toMatchObject([{ n: 1, is: 'end', problem: { code: 'internal', detail: 'the disk is gone' } }])
  })

  it('begins once, and not beside too many others', async () => {
    const { streams, message, frames, pass } = start(endless)
    streams.open(message, { stream: STREAM, window: 4 }, endless)
    await pass(1)
    expect(frames.map(({ n }) => n)).toEqual([1, 2, 3, 4])
    const openMany = (): void => {
      for (let i = 0; i < 40; i++) streams.open(message, { stream: `stream-${i}`, window: 1 }, endless)
    }
    expect(openMany).toThrow('already')
    expect(streams.count()).toBe(32)
    streams.stop()
  })
})
