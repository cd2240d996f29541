/** Is the process well: liveness, readiness with reasons, metrics. */
import { operations } from '@dunlin/contracts'
import type { FastifyInstance } from 'fastify'
import { serve } from '../http/serve.ts'
import type { RouteContext } from './context.ts'

export const registerService = (app: FastifyInstance, { state, readiness, metrics }: RouteContext): void => {
  serve(app, operations.getLiveness, () => ({ live: true as const }))

  serve(app, operations.getReadiness, ({ reply }) => {
    const reasons = readiness.reasons().map((reason) => ({ ...reason }))
    if (reasons.length > 0) void reply.code(503)
    void reply.header('cache-control', 'no-store')
    return { ready: reasons.length === 0, seq: state.seq(), reasons }
  })

  serve(app, operations.getMetrics, ({ reply }) => {
    metrics.set('dunlin_ready', {}, readiness.isReady() ? 1 : 0)
    void reply.type('text/plain; version=0.0.4; charset=utf-8').send(metrics.text())
    return undefined
  })
}
