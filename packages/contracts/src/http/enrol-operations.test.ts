/** What a join token may be asked to be. */
import { expect, it } from 'vitest'
import { enrolOperations } from './enrol-operations.ts'

const { body } = enrolOperations.createToken

it.each(['24h', '1ms', 'never'])('a token may be good for %s', (expires_in) => {
  expect(body.safeParse({ expires_in }).success).toBe(true)
})

it.each(['0s', '0', '-1h', 'yesterday', ''])('a token cannot be good for %j', (expires_in) => {
  expect(body.safeParse({ expires_in }).error?.issues[0]?.message).toBe(
    'expected a time above 0, e.g. "24h", or "never"',
  )
})
