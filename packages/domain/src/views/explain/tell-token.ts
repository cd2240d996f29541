/** Each event of a join token's subject in a sentence. */
import type { TokenEvent } from '@dunlin/contracts'
import { nodeCount } from './decision.ts'

export const tellTokenEvent = (event: TokenEvent): string => {
  switch (event.type) {
    case 'TokenCreated': {
      const { uses, expiresAt, admits } = event
      const whom = uses === undefined ? 'any number of nodes' : nodeCount(uses)
      const until = expiresAt === undefined ? '' : ` until ${new Date(expiresAt).toISOString()}`
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
