/** What jobs of the simulated world run, and how their programs behave where. */
import { contentHash, parseJobSpec, type JobKey, type NodeId, type Sha256 } from '@dunlin/contracts'
import type { Scripts } from '@dunlin/node-agent'
import { sha256 } from '@dunlin/runtime'
import type { Program } from '../scenario/types.ts'

export const keys: readonly JobKey[] = [
  { namespace: 'default', name: 'a' },
  { namespace: 'edge', name: 'b.c/d' },
]

/** The third job, the fourth ... share the two keys. */
export const keyOf = (job: number): JobKey => keys[job % keys.length] as JobKey

export const specOf = (
  key: JobKey,
  program: string,
  more: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> => ({ ...key, type: 'process', config: { command: program }, ...more })

/** Throws what the parser says of a spec that it refuses. */
export const contentOfSpec = (spec: unknown): Sha256 => {
  const parsed = parseJobSpec(spec)
  if (!parsed.ok) throw parsed.error
  return contentHash(parsed.spec, sha256)
}

export const nodeName = (index: number): NodeId => `sim-${String(index).padStart(6, '0')}` as NodeId
const indexOf = (node: NodeId): number => Number(node.slice(4))

export const scriptsFor = (
  contents: ReadonlyMap<Sha256, string>,
  noisy: ReadonlySet<NodeId>,
  isBursting: (node: NodeId) => boolean,
): Scripts => {
  const failing = { inPerSecond: 20, failedPerSecond: 15 }
  return ({ content, node }) => {
    const program = contents.get(content) as Program | undefined
    if (program === 'bad' || (program === 'half' && indexOf(node) % 2 === 1)) return failing
    if (program === 'crashes') return { ends: { afterMs: 300, as: 'failed', message: 'exit code 1' } }
    if (program === 'short') return { ends: { afterMs: 2_000, as: 'completed' } }
    if (program === 'mute') return { silencesNode: true }
    return noisy.has(node) || isBursting(node) ? failing : { inPerSecond: 20 }
  }
}
