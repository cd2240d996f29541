/** The order in which targets are taken: by the recorded seed, unhealthy nodes first. Stored, never recomputed. */
import type { NodeId } from '@dunlin/contracts'

/** FNV-1a over seed and id, finished by murmur3's mixer: equal on every machine, well spread, cheap. */
export const rankOf = (seed: number, node: string): number => {
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
  isUnhealthy: (node: NodeId) => boolean,
): readonly NodeId[] =>
  [...nodes]
    .map((node) => ({ node, first: isUnhealthy(node) ? 0 : 1, rank: rankOf(seed, node) }))
    .sort((a, b) => a.first - b.first || a.rank - b.rank || (a.node < b.node ? -1 : 1))
    .map(({ node }) => node)
