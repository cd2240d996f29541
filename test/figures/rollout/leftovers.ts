/** What runs on the agents after a release was taken back: whether each node is where it should be, and was left alone. */
import { jobKeyText, type ExecutionId, type JobKey, type NodeId, type Sha256 } from '@dunlin/contracts'
import type { SimulatedFleet } from '@dunlin/node-agent'
import type { Centre } from '../fleet/centre.ts'

export interface Leftovers {
  /** Nodes that do not run exactly one execution, with the content that the job has now. */
  readonly wrong: number
  /** Nodes that were never granted the release, and whose execution changed all the same. */
  readonly disturbed: number
}

type Running = ReadonlyMap<NodeId, readonly { readonly execution: ExecutionId; readonly content: Sha256 }[]>

/** Executions of the job that run, by node. */
export const runningOn = (agents: SimulatedFleet, key: JobKey): Running =>
  new Map(
    [...agents.nodes.values()].map((node) => [
      node.id,
      [...node.executions.values()]
        .filter(({ state, entry }) => state === 'running' && jobKeyText(entry.job) === jobKeyText(key))
        .map(({ entry: { execution, content } }) => ({ execution, content })),
    ]),
  )

export const leftovers = (centre: Centre, key: JobKey, before: Running, after: Running): Leftovers => {
  const { versions } = centre.job(key) ?? {}
  const wanted = versions?.is === 'present' ? versions.content : undefined
  const granted = new Set<NodeId>()
  // The first grants went to everybody, for the version before.
  for (const { ev } of centre.historyOf(key))
    for (const event of ev)
      if (event.type === 'NodesGranted' && event.version > 1) for (const [node] of event.grants) granted.add(node)
  let [wrong, disturbed] = [0, 0]
  for (const [node, running] of after) {
    if (running.length !== 1 || running[0]?.content !== wanted) wrong += 1
    if (granted.has(node)) continue
    const had = before.get(node)
    if (had?.length !== running.length || had.some(({ execution }, i) => execution !== running[i]?.execution))
      disturbed += 1
  }
  return { wrong, disturbed }
}
