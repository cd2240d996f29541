/**
 * The order in which targets are taken. Nodes that are already at risk come first: they take no new place in the budget,
 * and left for later they could fill it so that nobody is ever granted. Then sick ones, then the others, each by the
 * recorded seed. Stored, never recomputed.
 */
import type { NodeId } from '@dunlin/contracts'

/** FNV-1a over seed and id, finished by murmur3's mixer: equal on every machine, well spread, cheap. */
const rankOf = (seed: number, node: string): number => {
  let hash = (0x811c9dc5 ^ seed) >>> 0
  for (let i = 0; i < node.length; i += 1) hash = Math.imul(hash ^ node.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** A permutation of `nodes` that depends on the seed and the set only, not on the order they came in. */
export const orderTargets = (
  nodes: Iterable<NodeId>,
  seed: number,
  /** Lower comes first. */
  priorityOf: (node: NodeId) => number,
): readonly NodeId[] =>
  [...nodes]
    .map((node) => ({ node, priority: priorityOf(node), rank: rankOf(seed, node) }))
    .sort((a, b) => a.priority - b.priority || a.rank - b.rank || (a.node < b.node ? -1 : 1))
    .map(({ node }) => node)
