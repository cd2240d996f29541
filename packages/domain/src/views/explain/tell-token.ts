/** Each event of a join token's subject in a sentence. */
import { formatGoDuration, type TokenEvent } from '@dunlin/contracts'
import { nodeCount } from '../../words.ts'

/** `at`: when it was decided. */
export const tellTokenEvent = (event: TokenEvent, at: number): string => {
  switch (event.type) {
    case 'TokenCreated': {
      const { uses, expiresAt, admits } = event
      const whom = uses === undefined ? 'any number of nodes' : nodeCount(uses)
      const until = expiresAt === undefined ? '' : `, for ${formatGoDuration(Math.max(0, expiresAt - at))}`
      return `a join token for ${whom}${until} was made${admits ? '' : '; a person approves each node'}`
    }
    case 'TokenUsed':
      return `${event.node} joined with the token`
    case 'TokenRevoked':
      return `the token was revoked${event.reason === undefined ? '' : ` (${event.reason})`}`
    default:
      return event satisfies never
  }
}
