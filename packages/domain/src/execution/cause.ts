/**
 * Why the executions of a content failed, by what their nodes said last: the cause that most nodes have, in words for people.
 * A halt tells of budgets and limits, and a verdict of windows; neither knows what went wrong on the node.
 */
import type { ExecutionId, NodeId, Sha256, Transition } from '@dunlin/contracts'
import type { Job } from '../job/state.ts'
import type { Grant } from '../rollout/state.ts'
import { nodeCount } from '../words.ts'
import type { NodeReports } from './state.ts'

export interface FailureCause {
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
  /** How many nodes gave this code. */
  readonly nodes: number
}

/** `ended`: only of executions that will not try again, so that what changes with every attempt is left out. */
export const failureCause = (
  job: Job,
  content: Sha256,
  fleet: { readonly reports: (id: NodeId) => NodeReports | undefined },
  which: 'all' | 'ended' = 'all',
): FailureCause | undefined => {
  const byCode = new Map<
    string,
    { nodes: number; messages: Map<string, { count: number; hint: string | undefined }> }
  >()
  for (const [node, grant] of job.rollouts.grants) {
    const error = errorOf(grant, content, fleet.reports(node)?.executions, which)
    if (error === undefined) continue
    const known = byCode.get(error.code) ?? { nodes: 0, messages: new Map() }
    byCode.set(error.code, known)
    known.nodes += 1
    const said = known.messages.get(error.message)
    known.messages.set(error.message, { count: (said?.count ?? 0) + 1, hint: said?.hint ?? error.hint })
  }
  const code = mostFrequent(byCode, ({ nodes }) => nodes)
  if (code === undefined) return undefined
  const message = mostFrequent(code[1].messages, ({ count }) => count)
  return message && { code: code[0], message: message[0], hint: message[1].hint, nodes: code[1].nodes }
}

/** As much as fits a sentence; the executions have the whole text. */
const MOST_CHARS = 300

export const causeText = ({ code, message, nodes }: FailureCause): string => {
  const line = message.replaceAll(/\s+/g, ' ').trim()
  return `cause on ${nodeCount(nodes)}: ${code}: ${line.length > MOST_CHARS ? `${line.slice(0, MOST_CHARS)}...` : line}`
}

const ENDED: ReadonlySet<Transition['state']> = new Set(['failed', 'stopped'])

/** Of the execution of this content that the node was granted last; a rollback has replaced it by another one. */
const errorOf = (
  grant: Grant,
  content: Sha256,
  executions: ReadonlyMap<ExecutionId, Transition> | undefined,
  which: 'all' | 'ended',
): Transition['error'] => {
  for (const id of [grant.execution, grant.previous]) {
    const said = id === undefined ? undefined : executions?.get(id)
    if (said?.error === undefined || said.content !== content) continue
    if (ENDED.has(said.state) || (which === 'all' && (id === grant.previous || grant.verdict?.is === 'failed')))
      return said.error
  }
  return undefined
}

/** Among equals the first by its text: every reader comes to the same answer. */
const mostFrequent = <V>(
  map: ReadonlyMap<string, V>,
  countOf: (value: V) => number,
): readonly [string, V] | undefined =>
  [...map].reduce<readonly [string, V] | undefined>((best, one) => {
    const difference = best === undefined ? 1 : countOf(one[1]) - countOf(best[1])
    return difference > 0 || (difference === 0 && best !== undefined && one[0] < best[0]) ? one : best
  }, undefined)
