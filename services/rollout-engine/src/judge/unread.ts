/**
 * Nodes that are heard but do not read their documents: what is granted to them there never starts, and nothing that they do
 * says anything about it. Known by what their heartbeats say that they hold; forgotten with the process, and found again.
 */
import { compareGenerations, type Generation, type NodeId } from '@dunlin/contracts'

export interface Unread {
  has(node: NodeId): boolean
  /** `generation`: of a grant whose document it has not read. */
  add(node: NodeId, generation: Generation): void
  /** What a heartbeat says that it holds; true when it had not read its document before, and has now. */
  holds(node: NodeId, generation: Generation): boolean
  clear(): void
}

export const createUnread = (): Unread => {
  /** The highest generation that it is known to lack. */
  const lacking = new Map<NodeId, Generation>()
  return {
    has: (node) => lacking.has(node),
    add: (node, generation) => {
      const known = lacking.get(node)
      if (known === undefined || compareGenerations(generation, known) > 0) lacking.set(node, generation)
    },
    holds: (node, generation) => {
      const known = lacking.get(node)
      return known !== undefined && compareGenerations(generation, known) >= 0 && lacking.delete(node)
    },
    clear: () => lacking.clear(),
  }
}
