/** Where a job has executions, as the log tells it now, and which of their nodes are heard. */
import { DunlinError, jobKeyText, type ExecutionId, type JobKey, type NodeId } from '@dunlin/contracts'
import { observe } from '@dunlin/domain'
import { executionPrefix, parseExecutionKey } from '../state/fleet-index.ts'
import type { ApiState } from '../state/api-state.ts'

export interface JobNode {
  readonly node: NodeId
  readonly connected: boolean
  readonly executions: readonly { readonly id: string; readonly live: boolean }[]
}

/** A job on more nodes is read in parts, with --node. */
const MOST_ROWS = 20_000
const ended: ReadonlySet<string> = new Set(['stopped', 'completed', 'failed', 'lost'])

export const jobNodes = (state: ApiState, key: JobKey): JobNode[] => {
  const text = jobKeyText(key)
  const { keys } = state.index.executions().page({ prefix: executionPrefix(text), facets: [], limit: MOST_ROWS })
  const byNode = new Map<NodeId, { id: string; live: boolean }[]>()
  for (const row of keys) {
    const { node, execution } = parseExecutionKey(row)
    const rows = byNode.get(node) ?? []
    rows.push({ id: execution, live: !ended.has(stateOf(state, text, node, execution)) })
    byNode.set(node, rows)
  }
  return [...byNode].map(([node, executions]) => ({ node, connected: isHeard(state, node), executions }))
}

/** Those that were asked for. Throws `node_not_found`, or `execution_not_found` when nobody has told of it. */
export const askedNodes = (
  state: ApiState,
  key: JobKey,
  only: ReadonlySet<string>,
  execution: string | undefined,
): JobNode[] => {
  for (const node of only) mustKnow(state, node)
  const nodes = jobNodes(state, key)
  const asked = nodes.filter(({ node }) => only.size === 0 || only.has(node))
  if (execution === undefined) return asked
  const found = asked.filter(({ executions }) => executions.some(({ id }) => id === execution))
  if (found.length > 0) return found
  throw new DunlinError('execution_not_found', `No node of ${key.namespace}/${key.name} has an execution ${execution}.`)
}

/** Throws `node_not_found`. */
const mustKnow = (state: ApiState, node: string): void => {
  if (state.node(node) === undefined && state.reports(node) === undefined)
    throw new DunlinError('node_not_found', `There is no node ${node}.`)
}

/** Throws `node_not_found`, or `node_offline`. */
export const mustHear = (state: ApiState, node: NodeId): void => {
  mustKnow(state, node)
  if (!isHeard(state, node)) throw new DunlinError('node_offline', `Node ${node} is not connected.`)
}

/** Of a node that the log knows only by its reports, nobody can tell: it is asked. */
export const isHeard = (state: ApiState, node: NodeId): boolean => {
  const { is } = state.node(node)?.connection ?? { is: 'connected' }
  return is === 'connected'
}

const stateOf = (state: ApiState, job: string, node: NodeId, execution: string): string => {
  const reported = state.reports(node)?.executions.get(execution as ExecutionId)
  const grant = state.fold.get('job', job)?.state.rollouts.grants.get(node)
  if (grant?.execution !== execution) return reported?.state ?? 'lost'
  return observe(grant, reported, state.node(node)?.connection ?? { is: 'never' }).state
}
