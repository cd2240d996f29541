/** Pauses: ended by time or by a signal, and nothing of them stays behind. */
import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import { sleep, systemClock } from './clock.ts'

it('leaves nothing on a signal that outlives it', async () => {
  const { signal } = new AbortController()
  for (let n = 0; n < 3; n++) await sleep(systemClock, 1, signal)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

it('ends when the signal is aborted, before or meanwhile', async () => {
  const abort = new AbortController()
  const pausing = sleep(systemClock, 3_600_000, abort.signal)
  abort.abort()
  await expect(pausing).resolves.toBeUndefined()
  await expect(sleep(systemClock, 3_600_000, abort.signal)).resolves.toBeUndefined()
})
