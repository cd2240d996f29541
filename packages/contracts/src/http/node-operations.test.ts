/** Mistakes in what is asked of nodes are told so that a person can mend them. */
import { expect, it } from 'vitest'
import { nodeOperations } from './node-operations.ts'
import { page } from './operation-parts.ts'

it('says what a label key may be made of', () => {
  expect(nodeOperations.labelNode.body.safeParse({ set: { 'a b': 'c' } }).error?.issues).toMatchObject([
    { path: ['set', 'a b'], message: 'a label key may contain a-z A-Z 0-9 . _ - /' },
  ])
})

it.each(['0', '1001', 'x', '-1'])('says between what a limit of %s lies', (limit) => {
  expect(page.limit.safeParse(limit).error?.issues[0]?.message).toBe('expected a whole number from 1 to 1000')
})
