/** Decides people's commands to a node. Pure: instants are in the command, and the state is all that is asked. */
import { reservedLabelPrefix, type Labels, type NodeEvent, type NodeId, type NodeVerb } from '@dunlin/contracts'
import { decided, refused, type Decision } from '../decision.ts'
import type { CommandHead } from '../job/command-head.ts'
import type { NodeOutcome, NodeState } from './state.ts'

/** A node has no revision that a writer could expect. */
export interface NodeCommandHead extends Omit<CommandHead, 'expected'> {
  readonly node: NodeId
  readonly reason?: string
}
export type NodeCommand = NodeCommandHead &
  (
    | { readonly verb: 'approve' | 'cordon' | 'uncordon' }
    | { readonly verb: 'label'; readonly set: Labels; readonly remove: readonly string[] }
    /** `deadlineMs` from now on; absent: the deadline of a drain under way stays, else the default; 0: at once. */
    | { readonly verb: 'drain'; readonly deadlineMs?: number }
    | { readonly verb: 'remove'; readonly force: boolean }
  )
export type NodeDecision = Decision<NodeEvent, NodeOutcome>

export const DEFAULT_DRAIN_MS = 15 * 60 * 1000
/** Labels that the centre keeps of one node. */
export const MOST_LABELS = 64

export const decideNode = (node: NodeState, command: NodeCommand): NodeDecision => {
  const known = recall(node, command)
  if (known !== undefined) return known
  if (node.admission === 'unknown') return refused('node_not_found', `There is no node ${command.node}`)
  if (node.admission === 'removed') return ofRemoved(node, command)
  switch (command.verb) {
    case 'approve':
      return node.admission === 'admitted' ? unchanged(command) : approved(command)
    case 'label':
      return label(node, command)
    case 'cordon':
      // A node that is being drained takes no new jobs already.
      return node.scheduling.is === 'open'
        ? changed([{ type: 'NodeCordoned', ...reasonOf(command) }])
        : unchanged(command)
    case 'uncordon':
      return node.scheduling.is === 'open'
        ? unchanged(command)
        : changed([{ type: 'NodeUncordoned', ...reasonOf(command) }])
    case 'drain':
      return drain(node, command)
    case 'remove':
      return remove(node, command)
    default:
      return command satisfies never
  }
}

/** The verbs that would not be refused now. */
export const possibleNodeVerbs = (node: NodeState): readonly NodeVerb[] => {
  if (node.admission === 'unknown') return []
  if (node.admission === 'removed') return hadKey(node) ? ['remove'] : ['approve', 'remove']
  const always = ['label', 'cordon', 'uncordon', 'drain', 'remove'] as const
  return node.admission === 'pending' ? ['approve', ...always] : always
}

/** A remembered id first, then the order of the queue, then expiry: as with the commands of jobs. */
const recall = (node: NodeState, command: NodeCommand): NodeDecision | undefined => {
  const before = command.req === undefined ? undefined : node.commands?.byId.get(command.id)
  if (before !== undefined)
    return before.req === command.req
      ? { ok: true, commits: [], result: before.outcome }
      : refused('idempotency_key_reused', undefined, { data: { command_id: command.id } })
  const source = node.commands?.source
  if (command.src && source && command.src.created === source.created && command.src.seq <= source.seq)
    return refused('overtaken', `Command ${command.src.seq} came after ${source.seq} was applied`)
  return command.notAfter !== undefined && command.at > command.notAfter ? refused('expired') : undefined
}

/** Whoever proved a key comes back with another one; without keys there is only a person's word. */
const ofRemoved = (node: NodeState, command: NodeCommand): NodeDecision => {
  if (command.verb === 'remove') return unchanged(command)
  if (command.verb === 'approve' && !hadKey(node)) return approved(command)
  return wrongState(node, command, `The node was removed: ${command.verb} is not possible`, {
    hint: hadKey(node) ? 'It comes back with another join token.' : 'Approve it to take it back.',
  })
}

const hadKey = (node: NodeState): boolean => node.revokedKeys.length > 0

const approved = (command: NodeCommand): NodeDecision =>
  changed([{ type: 'NodeAdmitted', node: command.node, policy: 'approved' }])

const label = (node: NodeState, command: Extract<NodeCommand, { verb: 'label' }>): NodeDecision => {
  const { set, remove: gone } = command
  const wrong = [...Object.keys(set), ...gone].filter((key) => reservedLabelPrefix(key) !== undefined)
  if (wrong.length > 0)
    return refused('invalid_command', `These labels are set by the system: ${wrong.join(', ')}`, {
      hint: 'Use keys without a reserved prefix; of these only dunlin.io/site may be set.',
    })
  const both = gone.filter((key) => key in set)
  if (both.length > 0) return refused('invalid_command', `Set and removed at once: ${both.join(', ')}`)
  const kept = Object.entries(node.labels).filter(([key]) => !gone.includes(key))
  const labels = { ...Object.fromEntries(kept), ...set }
  const count = Object.keys(labels).length
  if (count > MOST_LABELS) return refused('invalid_command', `${count} labels; ${MOST_LABELS} are possible`)
  return sameLabels(labels, node.labels) ? unchanged(command) : changed([{ type: 'NodeLabelled', labels }])
}

const sameLabels = (a: Labels, b: Labels): boolean => {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}

const drain = (node: NodeState, command: Extract<NodeCommand, { verb: 'drain' }>): NodeDecision => {
  const { deadlineMs } = command
  const { scheduling } = node
  if (scheduling.is === 'draining') {
    if (deadlineMs === undefined) return unchanged(command)
    if (deadlineMs === 0 && scheduling.deadlineAt === undefined) return unchanged(command)
  }
  const inMs = deadlineMs ?? DEFAULT_DRAIN_MS
  const deadline = inMs === 0 ? {} : { deadlineAt: command.at + inMs }
  return changed([{ type: 'NodeDrained', ...deadline, ...reasonOf(command) }])
}

const remove = (node: NodeState, command: Extract<NodeCommand, { verb: 'remove' }>): NodeDecision => {
  if (node.connection.is === 'connected' && !command.force)
    return wrongState(node, command, 'The node is connected', {
      hint: 'Drain it and stop its agent first, or remove it by force.',
    })
  return changed([{ type: 'NodeRemoved', ...reasonOf(command) }])
}

const wrongState = (node: NodeState, command: NodeCommand, detail: string, more: { hint: string }): NodeDecision => {
  const { admission, connection, scheduling } = node
  const possible = possibleNodeVerbs(node).filter((verb) => verb !== command.verb)
  return refused('wrong_state', detail, {
    ...more,
    data: { admission, connection: connection.is, scheduling: scheduling.is, possible },
  })
}

const reasonOf = ({ reason }: NodeCommand): { readonly reason?: string } => (reason === undefined ? {} : { reason })

const changed = (events: readonly NodeEvent[]): NodeDecision =>
  decided<NodeEvent, NodeOutcome>(events, { unchanged: false })

/** Writes nothing, unless the caller's id must be remembered. */
const unchanged = (command: NodeCommand): NodeDecision =>
  decided<NodeEvent, NodeOutcome>(command.req === undefined ? [] : [{ type: 'NodeCommandNoted' }], { unchanged: true })
