/** What lists say that would be misread otherwise. */
import type { ExecutionView, JobView } from '@dunlin/contracts'
import { expect, it } from 'vitest'
import type { Io } from '../io.ts'
import { executionColumns, jobColumns } from './lists.ts'
import { table } from './table.ts'

const io: Pick<Io, 'style'> = { style: (_, text) => text }
const execution = (node: string, stale: boolean, state: ExecutionView['state'] = 'running'): ExecutionView => ({
  id: `x-${node}`,
  namespace: 'default',
  job: 'web',
  node,
  state,
  desired: 'running',
  stale,
  version: 2,
})

it('marks what a node said that is not heard any more', () => {
  const rows = [execution('near', false), execution('away', true), execution('away', true, 'completed')]
  const lines = table(executionColumns(io as Io), rows, { headers: false }).split('\n')
  expect(lines[0]).toMatch(/near +running +2/)
  expect(lines[1]).toMatch(/away +running \(stale\) +2/)
  expect(lines[2]).toMatch(/away +completed +2/)
})

it.each([
  ['1/3', { healthy: 1, open: 1 }],
  ['5/5', { healthy: 5 }],
  ['2/2', { healthy: 2, removed: 1 }],
  ['1/3 (2 failed)', { healthy: 1, failed: 2 }],
])('says that %s of those whom a rollout is for now are healthy', (said, slots) => {
  const none = { open: 0, healthy: 0, failed: 0, lost: 0, deferred: 0, removed: 0 }
  const job = { status: { rollout: { counts: { targets: 3, ...none, ...slots } } } } as unknown as JobView
  const healthy = jobColumns(io as Io).find(({ head }) => head === 'HEALTHY')
  expect(healthy?.cell(job)).toBe(said)
})
