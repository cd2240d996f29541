/** With a token of the API, whoever asks must show it: then an actor's name is at least that of somebody who knows it. */
import { DunlinError, operations } from '@dunlin/contracts'
import type { FastifyInstance } from 'fastify'
import { createHash, timingSafeEqual } from 'node:crypto'

/** Nodes prove themselves in their own way; whether a process lives is no secret. */
const open: ReadonlySet<string> = new Set(
  [operations.getChallenge, operations.enrolNode, operations.getLiveness, operations.getReadiness].map(
    ({ method, path }) => `${method} ${path}`,
  ),
)

/** Of equal length whatever was sent, so that comparing tells nothing about the token. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

export const requireBearer = (app: FastifyInstance, token: string): void => {
  const right = digest(token)
  app.addHook('onRequest', async (request, reply) => {
    if (open.has(`${request.method} ${request.routeOptions.url ?? ''}`)) return
    const [, shown] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? []
    if (shown !== undefined && timingSafeEqual(digest(shown), right)) return
    void reply.header('www-authenticate', 'Bearer')
    throw new DunlinError('unauthenticated', shown === undefined ? undefined : 'This is not the token of the API.')
  })
}
