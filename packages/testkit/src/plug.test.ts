/** What a service behind a plug can and cannot do when it is pulled, frozen or struck. */
import { createMemoryStore } from '@dunlin/eventstore/memory'
import { expect, it } from 'vitest'
import { plug } from './plug.ts'
import { createVirtualClock } from './virtual-clock.ts'

const setup = () => {
  const clock = createVirtualClock(1_000)
  const store = createMemoryStore({ clock })
  return { clock, store, plugged: plug(store, clock) }
}
const value = new Uint8Array([1])
const seen = <T>(promise: Promise<T>, into: T[]): void => void promise.then((one) => into.push(one))

it('pulled, it gets no answer, calls nobody and hears nothing', async () => {
  const { clock, store, plugged } = setup()
  const got: unknown[] = []
  plugged.store.bus.subscribe('a', () => got.push('message'))
  plugged.clock.after(10, () => got.push('timer'))
  seen(plugged.store.desired.put('n', value, 0), got)
  plugged.pull()
  seen(plugged.store.desired.put('m', value, 0), got)
  store.bus.publish('a', value)
  await clock.run(100)
  expect(got).toEqual([])
  expect(await store.desired.keys()).toEqual(['n'])
})

it('frozen, it gets everything in order when it thaws', async () => {
  const { clock, store, plugged } = setup()
  const got: unknown[] = []
  plugged.store.bus.subscribe('a', () => got.push('message'))
  plugged.clock.after(10, () => got.push('timer'))
  const cancelled = plugged.clock.after(20, () => got.push('cancelled'))
  seen(plugged.store.desired.put('n', value, 0), got)
  plugged.freeze()
  await clock.run(50)
  store.bus.publish('a', value)
  await clock.run(100)
  expect(got).toEqual([])
  cancelled.cancel()
  plugged.thaw()
  await clock.run(101)
  expect(got).toEqual([1, 'timer', 'message'])
})

it('struck before a call, the call never leaves; struck after it, it takes effect unanswered', async () => {
  for (const [when, kept] of [
    ['before', []],
    ['after', ['n']],
  ] as const) {
    const { clock, store, plugged } = setup()
    const got: unknown[] = []
    plugged.strike(2, when, () => plugged.pull())
    seen(plugged.store.desired.get('x'), got)
    seen(plugged.store.desired.put('n', value, 0), got)
    await clock.run(10)
    expect(await store.desired.keys()).toEqual(kept)
    expect(got).toEqual([])
  }
})

it('reads a subject to its end through the plug', async () => {
  const { clock, store, plugged } = setup()
  await Promise.all([store.log.append({ subject: 's', data: value, expected: 0 }), clock.run(1)])
  const read: number[] = []
  void (async () => {
    for await (const { seq } of plugged.store.log.read('s')) read.push(seq)
  })()
  await clock.run(10)
  expect(read).toEqual([1])
})
