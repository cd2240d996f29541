import { expect, it } from 'vitest'
import type { Clock } from './clock.ts'
import { silentLogger } from './logger.ts'
import { createPump } from './pump.ts'

/** Timers fire when the test says so. */
const setUp = () => {
  const timers = new Set<() => void>()
  const clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    after: (_ms: number, run: () => void) => {
      timers.add(run)
      return { cancel: () => void timers.delete(run) }
    },
  } as unknown as Clock
  const fire = (): void => {
    for (const run of timers) {
      timers.delete(run)
      run()
    }
  }
  const ends: (() => void)[] = []
  let runs = 0
  const pump = createPump(clock, silentLogger, () => {
    runs += 1
    return new Promise((resolve) => ends.push(resolve))
  })
  const end = async (): Promise<void> => {
    ends.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { pump, fire, end, runs: () => runs }
}

it('runs once for several wishes', async () => {
  const { pump, fire, end, runs } = setUp()
  pump.wake()
  pump.wake()
  fire()
  await end()
  fire()
  expect(runs()).toBe(1)
})

it('runs again when it was asked while it ran', async () => {
  const { pump, fire, end, runs } = setUp()
  pump.wake()
  fire()
  pump.wake()
  await end()
  fire()
  expect(runs()).toBe(2)
})

it('runs again, and ever again, when a delayed wish came due while it ran', async () => {
  const { pump, fire, end, runs } = setUp()
  pump.wake()
  fire()
  pump.wake(500)
  fire()
  await end()
  fire()
  expect(runs()).toBe(2)
  await end()
  pump.wake()
  fire()
  expect(runs()).toBe(3)
})
