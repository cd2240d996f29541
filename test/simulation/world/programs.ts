/** What jobs of the simulated world run, and how their programs behave where. */
import { contentHash, parseJobSpec, type JobKey, type NodeId, type Sha256 } from '@dunlin/contracts'
import { untilWindow, type Behaviour, type Script, type Scripts } from '@dunlin/node-agent'
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

/** Three of four messages fail. */
export const failing: Behaviour = { inPerSecond: 20, failedPerSecond: 15 }
const steady: Script = { inPerSecond: 20 }

/** Only stories run these, so that seeds keep their meaning: a probe that never passes, and a start that takes long. */
type StoryProgram = 'unready' | 'late'

const scriptOf = (program: string, node: NodeId): Script => {
  switch (program as Program | StoryProgram) {
    case 'bad':
      return failing
    case 'half':
      return indexOf(node) % 2 === 1 ? failing : steady
    case 'crashes':
      return { ends: { afterMs: 300, as: 'failed', message: 'exit code 1' } }
    case 'loops':
      return { crashes: { afterMs: 700 } }
    case 'short':
      return { ends: { afterMs: 2_000, as: 'completed' } }
    case 'mute':
      return { ...steady, silencesNode: true }
    case 'stuck':
      return { announcesInMs: Infinity }
    case 'slow':
      return { ...steady, startsInMs: 3_000 }
    case 'warming':
      return { ...steady, stages: untilWindow(1, failing) }
    case 'unready':
      return { ...steady, disturbed: 'p' }
    case 'late':
      return { ...steady, startsInMs: 10_000 }
    case 'good':
    case 'better':
    case 'best':
      return steady
    default:
      throw new Error(`there is no program ${program}`)
  }
}

/** On noisy nodes every program fails its messages. */
export const scriptsFor =
  (contents: ReadonlyMap<Sha256, string>, noisy: ReadonlySet<NodeId>): Scripts =>
  ({ content, node }) => {
    const script = scriptOf(contents.get(content) ?? '', node)
    return noisy.has(node) ? { ...script, ...failing } : script
  }
