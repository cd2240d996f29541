/** The HTTP server without routes: limits, bodies, problems for everything that can go wrong, request metrics. */
import type { Socket } from 'node:net'
import { DunlinError } from '@dunlin/contracts'
import type { Logger, Metrics } from '@dunlin/runtime'
import { fastify, type FastifyInstance } from 'fastify'
import { MAX_BODY_BYTES, registerBodies } from './body.ts'
import { PROBLEM_TYPE, registerProblems, sendProblem, toDunlinError } from './problems.ts'

/** A namespace or name of 300 bytes, each percent-encoded, with room to spare. */
const MAX_PARAM_LENGTH = 4096

export const createServer = (logger: Logger, metrics: Metrics): FastifyInstance => {
  const app: FastifyInstance = fastify({
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    frameworkErrors: (error, request, reply) => void sendProblem(request, reply, toDunlinError(error)),
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket),
  })
  registerBodies(app)
  registerProblems(app, logger)
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    metrics.add('dunlin_http_requests_total', { route, status: String(reply.statusCode) })
  })
  return app
}

/** Bytes that are not HTTP never become a request; the answer is written by hand. */
const answerBrokenRequest = (error: NodeJS.ErrnoException, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const problem = JSON.stringify(new DunlinError('invalid_request', 'This is not an HTTP request.').toProblem())
  socket.end(
    `HTTP/1.1 400 Bad Request\r\ncontent-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(problem)}\r\n` +
      `connection: close\r\n\r\n${problem}`,
  )
}
