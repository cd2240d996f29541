/** A node as placement sees it: what it announced about itself, joined with what the centre decided about it. */
import type { Labels, NodeId } from '@dunlin/contracts'
import type { NodeReports } from '../execution/state.ts'
import { labelsOf } from './labels.ts'
import type { NodeState, Scheduling } from './state.ts'

export interface NodeFacts {
  readonly id: NodeId
  /** See `labelsOf`. */
  readonly labels: Labels
  readonly drivers: readonly string[]
  /** Absent when the agent does not say. */
  readonly capabilities?: readonly string[] | undefined
  readonly resources?: { readonly cpus: number; readonly memoryBytes: number; readonly diskBytes?: number | undefined }
  /** While it is being drained: the jobs that keep their place there for now. */
  readonly staying?: ReadonlySet<string>
  readonly scheduling: Scheduling['is']
  readonly removed: boolean
  readonly connected: boolean
}

/** `undefined` for a node that never announced itself or was not admitted: it takes part in nothing. */
export const nodeFacts = (
  id: NodeId,
  node: NodeState | undefined,
  reports: NodeReports | undefined,
  staying?: ReadonlySet<string>,
): NodeFacts | undefined => {
  if (
    node === undefined ||
    node.admission === 'unknown' ||
    node.admission === 'pending' ||
    reports?.announced === undefined
  )
    return undefined
  const { drivers, capabilities, resources } = reports.announced
  return {
    id,
    labels: labelsOf(node, reports),
    drivers,
    resources,
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(staying === undefined ? {} : { staying }),
    scheduling: node.scheduling.is,
    removed: node.admission === 'removed',
    connected: node.connection.is === 'connected',
  }
}
