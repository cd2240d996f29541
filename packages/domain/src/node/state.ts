/** What the centre has decided about one node; a fold of `evt.node.<id>`. */
import type { BootId, Commit, Labels, NodeEvent } from '@dunlin/contracts'

export type Connection =
  | { readonly is: 'never' }
  | { readonly is: 'connected'; readonly since: number; readonly boot: BootId }
  | {
      readonly is: 'disconnected'
      readonly since: number
      readonly lastHeardAt: number
      readonly reason: 'silent' | 'left'
    }
  | { readonly is: 'lost'; readonly since: number; readonly lastHeardAt: number }

export interface NodeState {
  admission: 'unknown' | 'admitted' | 'removed'
  admittedAt: number
  /** Set at the centre; they win over the agent's own. */
  labels: Labels
  connection: Connection
  drained: boolean
}

export const noNode = (): NodeState => ({
  admission: 'unknown',
  admittedAt: 0,
  labels: {},
  connection: { is: 'never' },
  drained: false,
})

/** Changes `node` in place and returns it. */
export const foldNodeCommit = (node: NodeState, commit: Commit<NodeEvent>): NodeState => {
  for (const event of commit.ev) evolveNode(node, event, commit.at)
  return node
}

const evolveNode = (node: NodeState, event: NodeEvent, at: number): void => {
  switch (event.type) {
    case 'NodeAdmitted':
      node.admission = 'admitted'
      node.admittedAt = at
      return
    case 'NodeLabelled':
      node.labels = event.labels
      return
    case 'NodeConnected':
    case 'NodeReturned':
      node.connection = { is: 'connected', since: at, boot: event.boot }
      return
    case 'NodeDisconnected':
      node.connection = { is: 'disconnected', since: at, lastHeardAt: event.lastHeardAt, reason: event.reason }
      return
    case 'NodeLost':
      node.connection = { is: 'lost', since: at, lastHeardAt: event.lastHeardAt }
      return
    case 'NodeDrained':
      node.drained = true
      return
    case 'NodeRemoved':
      node.admission = 'removed'
      return
    default:
      return event satisfies never
  }
}
