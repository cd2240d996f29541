import { afterEach, expect, it, vi } from 'vitest'
import { systemClock } from './clock.ts'

afterEach(() => vi.useRealTimers())

it('waits for no timer when nothing is to be waited for', async () => {
  // Timers stand still.
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  const came: string[] = []
  systemClock.after(0, () => came.push('cancelled')).cancel()
  systemClock.after(1, () => came.push('late'))
  await new Promise<void>((resolve) => systemClock.after(0, resolve))
  expect(came).toEqual([])
  vi.advanceTimersByTime(1)
  expect(came).toEqual(['late'])
})
