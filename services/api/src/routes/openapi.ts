/** `/openapi.json`; its writer is loaded when somebody asks, because most processes never write it. */
import type { FastifyInstance } from 'fastify'

export const registerOpenApi = (app: FastifyInstance, version: string): void => {
  let text: string | undefined
  app.get('/openapi.json', async (_request, reply) => {
    if (text === undefined) {
      const { openApiDocument } = await import('../http/openapi.ts')
      text = JSON.stringify(openApiDocument(version))
    }
    return reply.type('application/json; charset=utf-8').send(text)
  })
}
