/** Results of the queries of a job, from its nodes. */
import { DunlinError, operations, type ExecutionId, type ResultRecord } from '@dunlin/contracts'
import type { FastifyInstance } from 'fastify'
import { serve } from '../http/serve.ts'
import { readJobResults } from '../reach/job-results.ts'
import { askedNodes } from '../reach/job-nodes.ts'
import { respondInLines } from '../reach/lines.ts'
import { presentJob } from '../state/present-job.ts'
import type { RouteContext } from './context.ts'

export const registerResults = (app: FastifyInstance, context: RouteContext): void => {
  const { state, clock, caughtUp, logger } = context

  serve(app, operations.readResults, async ({ params, query, reply }) => {
    await caughtUp()
    const { job } = presentJob(state, params)
    const type = String(job.versions.spec['type'])
    if (type !== 'query')
      throw new DunlinError(
        'wrong_state',
        `${params.namespace}/${params.name} is a ${type} job, which has no results.`,
        {
          hint: 'Only jobs of type query have results; dunlin logs shows what others write.',
        },
      )
    const execution = query.execution as ExecutionId | undefined
    const nodes = askedNodes(state, params, new Set(query.node), execution)
    const lines = respondInLines<ResultRecord>(reply, clock, { type: 'alive' })
    try {
      const { put, gone: signal } = lines
      await readJobResults({ ports: context, job: params, execution, nodes, put, signal })
      await put({ type: 'end' })
    } catch (error) {
      logger.error('a reading of results failed', { error: String(error) })
    }
    lines.end()
    return undefined
  })
}
