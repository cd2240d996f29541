/** Logs of a job, from its nodes. */
import { operations, outputStreams, type ExecutionId, type LogRecord, type NodeId } from '@dunlin/contracts'
import type { FastifyInstance } from 'fastify'
import { serve } from '../http/serve.ts'
import { askedNodes, isHeard, jobNodes } from '../reach/job-nodes.ts'
import { readJobLogs } from '../reach/job-logs.ts'
import { respondInLines } from '../reach/lines.ts'
import { presentJob } from '../state/present-job.ts'
import type { RouteContext } from './context.ts'

export const registerLogs = (app: FastifyInstance, context: RouteContext): void => {
  const { state, clock, caughtUp, logger } = context

  const isActive = (key: { namespace: string; name: string }): boolean => {
    try {
      const { lifecycle, state: derived } = presentJob(state, key).job.versions
      return lifecycle === 'active' && derived.type !== 'failed' && derived.type !== 'completed'
    } catch {
      return false
    }
  }

  serve(app, operations.readLogs, async ({ params, query, reply }) => {
    await caughtUp()
    presentJob(state, params)
    const only = new Set(query.node)
    askedNodes(state, params, only, query.execution)
    const from = Object.fromEntries(query.from.map((pair) => pair.split('=', 2)))
    const lines = respondInLines<LogRecord>(reply, clock, { type: 'alive' })
    try {
      await readJobLogs({
        ports: context,
        asked: {
          job: params,
          execution: query.execution as ExecutionId | undefined,
          streams: query.stream === undefined ? outputStreams : [query.stream],
          tail: query.tail,
          follow: query.follow ?? false,
          from,
        },
        nodes: () => jobNodes(state, params, only),
        isHeard: (node: NodeId) => isHeard(state, node),
        isActive: () => isActive(params),
        put: lines.put,
        signal: lines.gone,
      })
      await lines.put({ type: 'end' })
    } catch (error) {
      // The status is sent; a stream without its last line tells the client that it was cut.
      logger.error('a reading of logs failed', { error: String(error) })
    }
    lines.end()
    return undefined
  })
}
