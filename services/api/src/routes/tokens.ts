/** Join tokens: make, list, revoke. */
import { operations, userActor } from '@dunlin/contracts'
import type { FastifyInstance } from 'fastify'
import type { Tokens } from '../enrol/tokens.ts'
import { serve } from '../http/serve.ts'
import type { RouteContext } from './context.ts'

export interface TokensContext extends Pick<RouteContext, 'caughtUp'> {
  readonly tokens: Tokens
}

const actorOf = (headers: { readonly 'x-dunlin-actor'?: string | undefined }): string =>
  userActor(headers['x-dunlin-actor'] ?? 'local')

export const registerTokens = (app: FastifyInstance, { tokens, caughtUp }: TokensContext): void => {
  serve(app, operations.createToken, async ({ body, headers, reply }) => {
    await caughtUp()
    void reply.header('cache-control', 'no-store')
    return tokens.create(body, actorOf(headers))
  })

  serve(app, operations.listTokens, async () => {
    await caughtUp()
    return { items: [...tokens.list()] }
  })

  serve(app, operations.revokeToken, async ({ params, body, headers }) => {
    await caughtUp()
    return tokens.revoke(params.id, body?.reason, actorOf(headers))
  })
}
