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

/** Executions that one reading looks at, again and again while it follows; a job with more is read in parts, by node. */
const MOST_ROWS = 20_000
const ended: ReadonlySet<string> = new Set(['stopped', 'completed', 'failed', 'lost'])

type State = Pick<ApiState, 'fold' | 'index' | 'node' | 'reports'>

/** Only those that are named, when any are. Throws `invalid_request` when that is too many. */
export const jobNodes = (state: State, key: JobKey, only: ReadonlySet<string>, most = MOST_ROWS): JobNode[] => {
  const text = jobKeyText(key)
  const facets = only.size === 0 ? [[]] : [...only].map((node) => [`node:${node}`])
  const rows = facets.flatMap((of) => {
    const page = state.index.executions().page({ prefix: executionPrefix(text), facets: of, limit: most })
    if (page.next !== undefined) throw tooMany(key, most)
    return page.keys
  })
  const byNode = new Map<NodeId, { id: string; live: boolean }[]>()
  for (const row of rows) {
    const { node, execution } = parseExecutionKey(row)
    const known = byNode.get(node) ?? []
    known.push({ id: execution, live: !ended.has(stateOf(state, text, node, execution)) })
    byNode.set(node, known)
  }
  return [...byNode].map(([node, executions]) => ({ node, connected: isHeard(state, node), executions }))
}

const tooMany = ({ namespace, name }: JobKey, most: number): DunlinError =>
  new DunlinError(
    'invalid_request',
    `${namespace}/${name} has more than ${most} executions: too many to be asked at once.`,
    {
      hint: 'Name the nodes that matter, with --node.',
    },
  )

/** Those that were asked for. Throws `node_not_found`, or `execution_not_found` when nobody has told of it. */
export const askedNodes = (
  state: State,
  key: JobKey,
  only: ReadonlySet<string>,
  execution: string | undefined,
): JobNode[] => {
  for (const node of only) mustKnow(state, node)
  const asked = jobNodes(state, key, only)
  if (execution === undefined) return asked
  const found = asked.filter(({ executions }) => executions.some(({ id }) => id === execution))
  if (found.length > 0) return found
  throw new DunlinError('execution_not_found', `No node of ${key.namespace}/${key.name} has an execution ${execution}.`)
}

/** Throws `node_not_found`. */
const mustKnow = (state: State, node: string): void => {
  if (state.node(node) === undefined && state.reports(node) === undefined)
    throw new DunlinError('node_not_found', `There is no node ${node}.`)
}

/** Throws `node_not_found`, or `node_offline`. */
export const mustHear = (state: State, node: NodeId): void => {
  mustKnow(state, node)
  if (!isHeard(state, node)) throw new DunlinError('node_offline', `Node ${node} is not connected.`)
}

/** Of a node that the log knows only by its reports, nobody can tell: it is asked. */
export const isHeard = (state: State, node: NodeId): boolean => {
  const { is } = state.node(node)?.connection ?? { is: 'connected' }
  return is === 'connected'
}

const stateOf = (state: State, job: string, node: NodeId, execution: string): string => {
  const reported = state.reports(node)?.executions.get(execution as ExecutionId)
  const grant = state.fold.get('job', job)?.state.rollouts.grants.get(node)
  if (grant?.execution !== execution) return reported?.state ?? 'lost'
  return observe(grant, reported, state.node(node)?.connection ?? { is: 'never' }).state
}
