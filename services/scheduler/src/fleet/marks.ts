/**
 * What a fold has touched and the scheduler has not worked off yet. Marks are levels, not events: working one off twice
 * does nothing, and a standby keeps them too, so that a take-over finds what its predecessor may have left undone.
 */
import type { NodeId } from '@dunlin/contracts'

export interface Marks {
  /** Jobs to be evaluated against the whole fleet. */
  readonly placement: Set<string>
  /** The commit that marked a job's placement last: the evaluation says so. */
  readonly causes: Map<string, { readonly seq: number; readonly cmd: string }>
  /** Nodes whose facts changed: to be evaluated against every job. */
  readonly nodes: Set<NodeId>
  /** Nodes that have announced themselves too often to be evaluated again at once. */
  readonly postponed: Set<NodeId>
  /** Jobs that wait for a node: why no node takes them is counted again. */
  readonly recount: Set<string>
  /** Nodes that announced themselves and are not admitted. */
  readonly unadmitted: Set<NodeId>
  /** Nodes that were admitted just now: whether they are heard is known already. */
  readonly admitted: Set<NodeId>
  /** Nodes whose document must be written, with the sequence of the commit that changed it last. */
  readonly documents: Map<NodeId, number>
  /** Jobs whose derived state may have changed. */
  readonly status: Set<string>
}

export const noMarks = (): Marks => ({
  placement: new Set(),
  causes: new Map(),
  nodes: new Set(),
  postponed: new Set(),
  recount: new Set(),
  unadmitted: new Set(),
  admitted: new Set(),
  documents: new Map(),
  status: new Set(),
})

export const touchDocument = (marks: Marks, node: NodeId, seq: number): void => {
  if ((marks.documents.get(node) ?? 0) < seq) marks.documents.set(node, seq)
}
