/** Executions: list, by job, node and state. */
import {
  DunlinError,
  jobKeyText,
  operations,
  parseJobKeyText,
  type ExecutionId,
  type ExecutionView,
} from '@dunlin/contracts'
import type { FastifyInstance } from 'fastify'
import { serve } from '../http/serve.ts'
import { pageItems } from '../lists/page.ts'
import { executionPrefix, parseExecutionKey } from '../state/fleet-index.ts'
import { executionView } from '../views/execution.ts'
import type { RouteContext } from './context.ts'

export const registerExecutions = (app: FastifyInstance, { state, caughtUp }: RouteContext): void => {
  const viewOf = (text: string): ExecutionView | undefined => {
    const { job, node, execution } = parseExecutionKey(text)
    const grant = state.fold.get('job', job)?.state.rollouts.grants.get(node)
    return executionView({
      job: parseJobKeyText(job),
      node,
      grant: grant?.execution === execution ? grant : undefined,
      reported: state.reports(node)?.executions.get(execution as ExecutionId),
      connection: state.node(node)?.connection ?? { is: 'never' },
      isRemoved: state.node(node)?.admission === 'removed',
    })
  }

  serve(app, operations.listExecutions, async ({ query }) => {
    await caughtUp(query.min_seq)
    const { namespace, job, node, state: wanted } = query
    if (job !== undefined && namespace === undefined)
      throw new DunlinError('invalid_request', undefined, {
        errors: [{ path: 'query.job', message: 'needs namespace' }],
      })
    const prefix =
      namespace === undefined
        ? undefined
        : job === undefined
          ? jobKeyText({ namespace, name: '' })
          : executionPrefix(jobKeyText({ namespace, name: job }))
    const facets = [
      ...(node === undefined ? [] : [`node:${node}`]),
      ...(wanted === undefined ? [] : [`state:${wanted}`]),
    ]
    return pageItems(state, state.index.executions(), { prefix, facets }, query, viewOf)
  })
}
