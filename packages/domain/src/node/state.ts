/** What the centre has decided about one node; a fold of `evt.node.<id>`. */
import type { BootId, Commit, Labels, NodeEvent } from '@dunlin/contracts'
import { noteSource, nothingRemembered, remember, type RememberedCommands } from '../job/remembered.ts'

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

/** Who the node proved to be when it joined. */
export interface Identity {
  readonly publicKey: string
  readonly token: string
  readonly enrolledAt: number
}

/** Whether jobs may be placed there. */
export type Scheduling =
  | { readonly is: 'open' }
  | { readonly is: 'cordoned'; readonly since: number; readonly reason?: string }
  | { readonly is: 'draining'; readonly since: number; readonly deadlineAt?: number; readonly reason?: string }

/** What a command to a node came to; its answer also says where the node stands now. */
export interface NodeOutcome {
  readonly unchanged: boolean
}

export interface NodeState {
  /** `pending`: enrolled, and waits for a person. */
  admission: 'unknown' | 'pending' | 'admitted' | 'removed'
  admittedAt: number
  identity: Identity | undefined
  /** Keys that this node had before and that are refused, oldest first. */
  revokedKeys: readonly string[]
  /** Set at the centre; they win over the agent's own. */
  labels: Labels
  /** Keys that the node may announce by itself, as its join token said; absent: any. */
  ownLabels?: readonly string[]
  connection: Connection
  scheduling: Scheduling
  /** Absent until the first command: most nodes of a large fleet never get one. */
  commands?: RememberedCommands<NodeOutcome>
}

export const noNode = (): NodeState => ({
  admission: 'unknown',
  admittedAt: 0,
  identity: undefined,
  revokedKeys: [],
  labels: {},
  connection: { is: 'never' },
  scheduling: { is: 'open' },
})

/** Changes `node` in place and returns it. */
export const foldNodeCommit = (node: NodeState, commit: Commit<NodeEvent>, seq: number): NodeState => {
  for (const event of commit.ev) evolveNode(node, event, commit.at)
  if (commit.src === undefined && commit.req === undefined) return node
  const commands = (node.commands ??= nothingRemembered<NodeOutcome>())
  if (commit.src !== undefined) noteSource(commands, commit.src)
  if (commit.req !== undefined) {
    const unchanged = commit.ev.every(({ type }) => type === 'NodeCommandNoted')
    remember(commands, { id: commit.cmd, req: commit.req, at: commit.at, seq, outcome: { unchanged } })
  }
  return node
}

const evolveNode = (node: NodeState, event: NodeEvent, at: number): void => {
  switch (event.type) {
    case 'NodeEnrolled':
      revokeKey(node, event.publicKey)
      if (node.admission !== 'admitted') node.admission = 'pending'
      node.identity = { publicKey: event.publicKey, token: event.token, enrolledAt: at }
      node.labels = { ...node.labels, ...event.labels }
      setOwnLabels(node, event.ownLabels)
      return
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
    case 'NodeCordoned':
      node.scheduling = { is: 'cordoned', since: at, ...reasonOf(event) }
      return
    case 'NodeUncordoned':
      node.scheduling = { is: 'open' }
      return
    case 'NodeDrained': {
      const { deadlineAt } = event
      node.scheduling = {
        is: 'draining',
        since: at,
        ...(deadlineAt === undefined ? {} : { deadlineAt }),
        ...reasonOf(event),
      }
      return
    }
    case 'NodeRemoved':
      node.admission = 'removed'
      revokeKey(node, undefined)
      node.identity = undefined
      // Nobody listens for it any more, and it begins anew if it ever comes back: another machine must not inherit labels.
      node.labels = {}
      setOwnLabels(node, undefined)
      node.connection = { is: 'never' }
      node.scheduling = { is: 'open' }
      return
    case 'NodeCommandNoted':
      return
    default:
      return event satisfies never
  }
}

const reasonOf = ({ reason }: { readonly reason?: string | undefined }): { readonly reason?: string } =>
  reason === undefined ? {} : { reason }

const setOwnLabels = (node: NodeState, keys: readonly string[] | undefined): void => {
  if (keys === undefined) delete node.ownLabels
  else node.ownLabels = keys
}

/** The key that the node had is refused from now on, unless it is the one that it goes on with. */
const revokeKey = (node: NodeState, next: string | undefined): void => {
  const key = node.identity?.publicKey
  if (key !== undefined && key !== next) node.revokedKeys = [...node.revokedKeys, key]
}
