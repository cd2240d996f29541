/** The observed state of an execution: its grant joined with what the node said last and whether the node is heard. */
import type { ReportedState, Transition } from '@dunlin/contracts'
import type { Connection } from '../node/state.ts'
import type { Grant } from '../rollout/state.ts'

export type ObservedState = 'pending' | ReportedState | 'validating' | 'lost'

export interface Observation {
  readonly state: ObservedState
  /** The node is not heard: the state is as it was last reported. */
  readonly stale: boolean
  /** When validation passed. */
  readonly stableAt?: number
}

const over = new Set<ReportedState>(['completed', 'failed', 'stopped'])

/** Its grant was voided or replaced, and the node still knows it. Nobody will ever hear the end of it from a node that was removed. */
export const observeFormer = (reported: Transition, isRemoved: boolean): ReportedState | 'lost' =>
  isRemoved && !over.has(reported.state) ? 'lost' : reported.state

/** `running` without a healthy verdict is `validating`; a lost node's executions are lost unless they had ended. */
export const observe = (grant: Grant, reported: Transition | undefined, connection: Connection): Observation => {
  const stale = connection.is !== 'connected'
  const stable = grant.verdict?.is === 'healthy' ? { stableAt: grant.verdict.at } : {}
  if (reported === undefined) return { state: connection.is === 'lost' ? 'lost' : 'pending', stale, ...stable }
  if (over.has(reported.state)) return { state: reported.state, stale, ...stable }
  if (connection.is === 'lost') return { state: 'lost', stale, ...stable }
  if (reported.state === 'running' && grant.verdict === undefined) return { state: 'validating', stale }
  return { state: reported.state, stale, ...stable }
}
