/** The fleets that figures ask about: which nodes a release breaks, or how noisy its nodes are by themselves. */
import type { NodeId } from '@dunlin/contracts'
import { seededRandom, sha256 } from '@dunlin/runtime'
import { alwaysBad, alwaysGood, RELEASE, type Behaviour, type Life } from './behaviour.ts'

/** Nodes that show bursts of errors whatever runs on them. */
export interface Noise {
  /** Share of the nodes. */
  readonly share: number
  /** Probability that a window after a good one is bad. */
  readonly begins: number
  /** Probability that a window after a bad one is bad too. */
  readonly stays: number
}

export type Population =
  /** The release fails for ever on so many nodes, drawn by the seed; version before runs well everywhere. */
  | { readonly is: 'broken'; readonly nodes: number }
  /** The release is as harmless as what ran before; nodes have a noise of their own. */
  | { readonly is: 'noisy'; readonly noise: readonly Noise[] }

/**
 * Nine of ten nodes hardly ever show a burst, some do every few minutes, and one in fifty is sick half of its time. A burst
 * lasts one window, or several where it stays (reference: bursts and nodes that stay bad break tests on raw errors).
 */
export const HARMLESS = {
  is: 'noisy',
  noise: [
    { share: 0.9, begins: 0.005, stays: 0 },
    { share: 0.08, begins: 0.05, stays: 0.4 },
    { share: 0.02, begins: 0.4, stays: 0.6 },
  ],
} as const satisfies Population

export const behaviourOf = (population: Population, nodes: readonly NodeId[], seed: number): Behaviour => {
  const random = seededRandom(seed)
  if (population.is === 'broken') {
    const broken = draw(nodes, population.nodes, () => random.float())
    return (program, node) => (program === RELEASE && broken.has(node) ? alwaysBad : alwaysGood)
  }
  const noiseOf = new Map(nodes.map((node) => [node, pick(population.noise, random.float())]))
  // A program on a node has noise of its own: what happened to the version before says nothing about the moment.
  return (program, node) => {
    const own = seededRandom(Buffer.from(sha256(`${seed} ${program} ${node}`), 'hex').readUInt32BE(0))
    return noisy(noiseOf.get(node) as Noise, () => own.float())
  }
}

/** So many of them, every set as likely as any other. */
const draw = (nodes: readonly NodeId[], count: number, float: () => number): ReadonlySet<NodeId> => {
  const left = [...nodes]
  for (let i = 0; i < Math.min(count, left.length); i += 1) {
    const from = i + Math.floor(float() * (left.length - i))
    ;[left[i], left[from]] = [left[from] as NodeId, left[i] as NodeId]
  }
  return new Set(left.slice(0, count))
}

const pick = (noise: readonly Noise[], at: number): Noise => {
  let sum = 0
  for (const one of noise) if ((sum += one.share) > at) return one
  return noise.at(-1) as Noise
}

/** Begins as a node is found that has run for long. */
const noisy = ({ begins, stays }: Noise, float: () => number): Life => {
  let bad = float() < begins / (begins + 1 - stays)
  return () => (bad = float() < (bad ? stays : begins))
}

/**
 * The share of such nodes that fail their validation although nothing is wrong: `failures` bad windows in a row come before
 * `successes` good ones, or neither comes within `windows`.
 */
export const failingShare = (
  noise: readonly Noise[],
  { successes, failures, windows }: { readonly successes: number; readonly failures: number; readonly windows: number },
): number => noise.reduce((sum, one) => sum + one.share * failsByNoise(one, successes, failures, windows), 0)

const failsByNoise = ({ begins, stays }: Noise, successes: number, failures: number, windows: number): number => {
  const bad = begins / (begins + 1 - stays)
  // Runs so far: key > 0 = good windows in a row, < 0 = bad ones; the very first window follows the stationary state.
  let runs = new Map<number, number>()
  let failed = 0
  const go = (to: Map<number, number>, run: number, probability: number): void => {
    if (run <= -failures) failed += probability
    else if (run < successes) to.set(run, (to.get(run) ?? 0) + probability)
  }
  const first = bad * stays + (1 - bad) * begins
  go(runs, -1, first)
  go(runs, 1, 1 - first)
  for (let n = 2; n <= windows; n += 1) {
    const next = new Map<number, number>()
    for (const [run, probability] of runs) {
      const toBad = run < 0 ? stays : begins
      go(next, run < 0 ? run - 1 : -1, probability * toBad)
      go(next, run > 0 ? run + 1 : 1, probability * (1 - toBad))
    }
    runs = next
  }
  // Whoever has settled neither way by the deadline has failed.
  for (const probability of runs.values()) failed += probability
  return failed
}
