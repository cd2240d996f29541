import { expect, it } from 'vitest'
import type { Clock } from './clock.ts'
import { watchExcess } from './excess.ts'
import { silentLogger } from './logger.ts'

it('tells of the worst once a minute, and is quiet when nothing comes', async () => {
  const due: (() => void)[] = []
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    after: (_, run) => {
      due.push(run)
      return { cancel: () => void due.splice(due.indexOf(run) >>> 0, 1) }
    },
  }
  const told: unknown[] = []
  const excess = watchExcess(clock, { ...silentLogger, warn: (_, fields) => void told.push(fields) })
  const minute = async (): Promise<void> => {
    due.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(due).toHaveLength(0)
  for (let n = 0; n < 50_000; n += 1) excess.note('reports', 'bad')
  excess.note('heartbeats', 'bad')
  for (let n = 0; n < 2_000; n += 1) excess.note('announcements', `n${n}`)
  await minute()
  expect(told.slice(0, 1)).toEqual([{ node: 'bad', kind: 'reports', times: 50_000 }])
  expect(told).toHaveLength(21)
  expect(excess.counts()).toEqual({ reports: 50_000, heartbeats: 1, announcements: 2_000, connections: 0 })
  await minute()
  expect([told.length, due.length]).toEqual([21, 0])
  excess.note('reports', 'bad')
  expect(due).toHaveLength(1)
})
