/** Every failure of a request as an RFC 9457 problem document: ours as they are, Fastify's and all others translated. */
import { DunlinError, operations } from '@dunlin/contracts'
import type { Logger } from '@dunlin/runtime'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

/** Fastify's own codes; what is not listed is a fault of ours. */
const translated = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_body',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_body',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_body',
  FST_ERR_BAD_URL: 'invalid_request',
  FST_ERR_MAX_PARAM_LENGTH: 'invalid_request',
  FST_ERR_ASYNC_CONSTRAINT: 'invalid_request',
} as const

export const toDunlinError = (error: unknown): DunlinError => {
  if (error instanceof DunlinError) return error
  const { code, message, statusCode } = error as Partial<FastifyError>
  const known = code !== undefined && code in translated ? translated[code as keyof typeof translated] : undefined
  if (known !== undefined)
    return new DunlinError(known, known === 'malformed_body' ? message : undefined, { cause: error })
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new DunlinError('invalid_request', message, { cause: error })
  return new DunlinError('internal', undefined, { cause: error })
}

/** Sends the problem with the headers that go with it. */
export const sendProblem = (request: FastifyRequest, reply: FastifyReply, error: DunlinError): FastifyReply => {
  const problem = { ...error.toProblem(), instance: request.url }
  if (error.retryable) void reply.header('retry-after', '1')
  return reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem))
}

/** Paths of the contract as patterns, with the methods that each takes. */
const allowedMethods = (url: string): readonly string[] =>
  patterns.flatMap(({ method, pattern }) => (pattern.test(url) ? [method] : []))

const patterns = Object.values(operations).map(({ method, path }) => ({
  method,
  pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
}))

/** A path that exists under another method is 405 with Allow, everything else that is not routed 404. */
export const registerProblems = (app: FastifyInstance, logger: Logger): void => {
  app.setErrorHandler((error, request, reply) => {
    const known = toDunlinError(error)
    if (known.code === 'internal')
      logger.error('a request failed', {
        method: request.method,
        route: request.routeOptions.url,
        error: error instanceof Error ? { message: error.message, stack: error.stack } : String(error),
      })
    return sendProblem(request, reply, known)
  })
  app.setNotFoundHandler((request, reply) => {
    const url = request.url.split('?')[0] ?? '/'
    const allowed = allowedMethods(url)
    if (allowed.length === 0)
      return sendProblem(request, reply, new DunlinError('route_not_found', `There is no ${request.method} ${url}.`))
    void reply.header('allow', allowed.join(', '))
    return sendProblem(
      request,
      reply,
      new DunlinError('method_not_allowed', `${url} takes ${allowed.join(', ')}, not ${request.method}.`),
    )
  })
}
