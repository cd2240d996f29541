/** Simulated agents answer what real ones answer: boot and windows. */
import type { NodeId } from '@dunlin/contracts/agent'
import type { Bus, Subscription } from '@dunlin/eventstore/agent'
import { decodeToken } from '@dunlin/nats/agent'
import type { SimulatedNode } from './node.ts'

export const answerSimulatedRpc = (bus: Bus, nodes: ReadonlyMap<NodeId, SimulatedNode>): Subscription =>
  bus.subscribe('rpc.*.*', (message) => {
    const [, token = '', method] = message.subject.split('.')
    const node = nodes.get(decodeToken(token) as NodeId)
    if (!node || node.silent) return
    const answer = method === 'windows' ? windowsOf(node) : { node: node.id, boot: node.boot }
    message.respond(new TextEncoder().encode(JSON.stringify(answer)))
  })

const windowsOf = (node: SimulatedNode): unknown => ({
  node: node.id,
  boot: node.boot,
  executions: [...node.executions.values()].map(({ entry, state, cutting }) => ({
    x: entry.execution,
    g: entry.generation,
    st: state,
    intervalMs: entry.health.intervalMs,
    w: cutting.ends,
  })),
})
