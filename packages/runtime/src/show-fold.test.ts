import { expect, it, vi } from 'vitest'
import { systemClock } from './clock.ts'
import { createMetrics } from './metrics.ts'
import { createReadiness } from './readiness.ts'
import { showFold } from './show-fold.ts'

it('a part that has not caught up, or lost the log, is not ready, and its position is measured', async () => {
  const readiness = createReadiness()
  const metrics = createMetrics()
  const status = { caughtUp: false, live: true, seq: 3, troubled: 0 }
  const reasons = () => readiness.reasons().map(({ part, reason }) => `${part}:${reason}`)
  const timer = showFold({ status: () => status }, { clock: systemClock, metrics, readiness })
  try {
    expect(reasons()).toEqual(['log:catching_up'])
    Object.assign(status, { caughtUp: true, seq: 7, troubled: 2 })
    await vi.waitFor(() => expect(reasons()).toEqual([]), { timeout: 10_000 })
    expect(metrics.text()).toMatch(/dunlin_log_seq 7\n[^]*dunlin_aggregates_quarantined 2\n|quarantined 2\n[^]*seq 7\n/)
    status.live = false
    await vi.waitFor(() => expect(reasons()).toEqual(['log:disconnected']), { timeout: 10_000 })
  } finally {
    timer.cancel()
  }
})
