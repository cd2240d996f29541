/** Nodes: list and show. */
import { DunlinError, operations } from '@dunlin/contracts'
import type { FastifyInstance } from 'fastify'
import { serve } from '../http/serve.ts'
import { pageItems } from '../lists/page.ts'
import { nodeView } from '../views/node.ts'
import type { RouteContext } from './context.ts'

export const registerNodes = (app: FastifyInstance, { state, caughtUp }: RouteContext): void => {
  const viewOf = (id: string) => {
    const node = state.node(id)
    const reports = state.reports(id)
    if (node === undefined && reports?.announced === undefined) return undefined
    return nodeView(id, node, reports, state.index.executionsOn(id))
  }

  serve(app, operations.listNodes, async ({ query }) => {
    await caughtUp(query.min_seq)
    const facets = [
      'present',
      ...(query.connection === undefined ? [] : [`connection:${query.connection}`]),
      ...[query.label ?? []].flat().map((pair) => `label:${pair}`),
    ]
    return pageItems(state, state.index.nodes(), { facets }, query, viewOf)
  })

  serve(app, operations.getNode, async ({ params, query }) => {
    await caughtUp(query.min_seq)
    const view = viewOf(params.id)
    if (view === undefined) throw new DunlinError('node_not_found', `There is no node ${params.id}.`)
    return view
  })
}
