/**
 * The order in which targets are taken: by class, spread over sites inside a class, by the recorded seed. Stored, never
 * recomputed.
 */
import type { NodeId } from '@dunlin/contracts'

/** FNV-1a over seed and text, finished by murmur3's mixer: equal on every machine, well spread, cheap. */
const rankOf = (seed: number, text: string): number => {
  let hash = (0x811c9dc5 ^ seed) >>> 0
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** The seed of a version's plan. Derived, so that a dry run draws exactly the plan that would run; recorded all the same. */
export const planSeed = (jobKey: string, version: number): number => rankOf(version, jobKey) & 0x7fffffff

interface Ranked {
  readonly node: NodeId
  readonly priority: number
  readonly rank: number
  /** 0..1: where in its class the node comes, when every site is spread evenly over the class. */
  place: number
}

/**
 * A permutation of `nodes` that depends on the seed and the set only, not on the order they came in. Every beginning of it
 * takes about the same share of each site, so that no small site is taken whole by a first wave.
 */
export const orderTargets = (
  nodes: Iterable<NodeId>,
  seed: number,
  /** Lower comes first. */
  priorityOf: (node: NodeId) => number,
  siteOf: (node: NodeId) => string = () => '',
): readonly NodeId[] => {
  const groups = new Map<string, Ranked[]>()
  const all: Ranked[] = []
  for (const node of nodes) {
    const one: Ranked = { node, priority: priorityOf(node), rank: rankOf(seed, node), place: 0 }
    all.push(one)
    const group = `${one.priority} ${siteOf(node)}`
    const members = groups.get(group)
    if (members === undefined) groups.set(group, [one])
    else members.push(one)
  }
  for (const [group, members] of groups) {
    members.sort(byRank)
    // Sites of equal size would otherwise come in step, all their first nodes together.
    const offset = rankOf(seed, group) / 2 ** 32
    members.forEach((one, i) => (one.place = (i + offset) / members.length))
  }
  return all.sort((a, b) => a.priority - b.priority || a.place - b.place || byRank(a, b)).map(({ node }) => node)
}

const byRank = (a: Ranked, b: Ranked): number => a.rank - b.rank || (a.node < b.node ? -1 : 1)
