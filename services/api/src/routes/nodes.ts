/** Nodes: list and show. */
import { DunlinError, operations } from '@dunlin/contracts'
import type { FastifyInstance } from 'fastify'
import { serve } from '../http/serve.ts'
import { pageItems } from '../lists/page.ts'
import { drainOn } from '../state/drain.ts'
import { askHeard, type Heard } from '../state/heard.ts'
import { nodeView } from '../views/node.ts'
import type { RouteContext } from './context.ts'

export const registerNodes = (app: FastifyInstance, { state, bus, clock, caughtUp }: RouteContext): void => {
  const viewOf = (id: string, heard: Heard) => {
    const node = state.node(id)
    const reports = state.reports(id)
    if (node === undefined && reports?.announced === undefined) return undefined
    const executions = state.index.executionsOn(id)
    return nodeView({ id, node, reports, executions, drain: drainOn(state, id, clock.nowMs()), heard: heard[id] })
  }

  serve(app, operations.listNodes, async ({ query }) => {
    await caughtUp(query.min_seq)
    const facets = [
      'present',
      ...(query.connection === undefined ? [] : [`connection:${query.connection}`]),
      ...[query.label ?? []].flat().map((pair) => `label:${pair}`),
    ]
    const page = pageItems(state, state.index.nodes(), { facets }, query, (id) => id)
    const heard = await askHeard(bus, page.items)
    return { ...page, items: page.items.flatMap((id) => viewOf(id, heard) ?? []) }
  })

  serve(app, operations.getNode, async ({ params, query }) => {
    await caughtUp(query.min_seq)
    const heard = state.node(params.id) === undefined ? {} : await askHeard(bus, [params.id])
    const view = viewOf(params.id, heard)
    if (view === undefined) throw new DunlinError('node_not_found', `There is no node ${params.id}.`)
    return view
  })
}
