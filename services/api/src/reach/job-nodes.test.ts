/** Where a job is looked for when somebody reads from its nodes: also where it has very many. */
import type { JobKey } from '@dunlin/contracts'
import { expect, it } from 'vitest'
import { createFacetIndex } from '../lists/facet-index.ts'
import { jobNodes } from './job-nodes.ts'

const key: JobKey = { namespace: 'default', name: 'web' }
const index = createFacetIndex()
for (let i = 0; i < 9; i += 1) index.update(`default/web\u0001n${i}\u0001x${i}`, [`node:n${i}`])
index.update('default/other\u0001n8\u0001y8', ['node:n8'])

const state = {
  index: { executions: () => index },
  fold: { get: () => undefined },
  node: () => undefined,
  reports: () => undefined,
} as unknown as Parameters<typeof jobNodes>[0]
const found = (only: readonly string[], most: number) =>
  jobNodes(state, key, new Set(only), most).map(({ node, executions }) => [node, executions.map(({ id }) => id)])

it('finds a node that is named however many others there are, and only this job there', () => {
  expect(found(['n8'], 2)).toEqual([['n8', ['x8']]])
  expect(found(['n0', 'n7', 'nowhere'], 2)).toEqual([
    ['n0', ['x0']],
    ['n7', ['x7']],
  ])
})
it('refuses to look at more than it can, and says what to do', () => {
  expect(found([], 9)).toHaveLength(9)
  expect(() => found([], 8)).toThrow('default/web has more than 8 executions')
})
