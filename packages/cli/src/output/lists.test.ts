/** What lists say that would be misread otherwise. */
import type { ExecutionView } from '@dunlin/contracts'
import { expect, it } from 'vitest'
import type { Io } from '../io.ts'
import { executionColumns } from './lists.ts'
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
