/** The ledger's page of one node: what the log says of it, and everything that it has said. */
import { jobKeyText, type NodeEvent, type ReportedState, type ReportEvent } from '@dunlin/contracts'

export interface NodeEntry {
  connected: boolean
  /** Sequence since when that is so. */
  since: number
  admission: 'unknown' | 'admitted' | 'removed'
  /** What it said last of each execution. */
  readonly said: Map<string, { readonly job: string; readonly state: ReportedState }>
  /** Executions of which it has ever said something. */
  readonly ever: Set<string>
  /** Everything it has ever said: a verdict may follow from what a reboot has forgotten since. */
  readonly told: Set<string>
  /** Of each job, the highest generation that it said it starts. */
  readonly started: Map<string, readonly [number, number]>
  /** The log has lost reports of it: what stands there may be older than what it does. */
  unsure: boolean
}

export const newNodeEntry = (): NodeEntry => ({
  connected: false,
  since: 0,
  admission: 'unknown',
  said: new Map(),
  ever: new Set(),
  told: new Set(),
  started: new Map(),
  unsure: false,
})

export const enterNode = (node: NodeEntry, event: NodeEvent, seq: number): void => {
  if (event.type === 'NodeAdmitted') node.admission = 'admitted'
  if (event.type === 'NodeRemoved') node.admission = 'removed'
  const connects = event.type === 'NodeConnected' || event.type === 'NodeReturned'
  const leaves = event.type === 'NodeDisconnected' || event.type === 'NodeLost'
  if (!connects && !leaves) return
  if (node.connected !== connects) node.since = seq
  node.connected = connects
}

export const enterReport = (node: NodeEntry, event: ReportEvent): void => {
  // An announcement tells all that the node still knows.
  if (event.type === 'NodeAnnounced') {
    node.said.clear()
    node.started.clear()
    node.unsure = false
  }
  for (const { job, execution, state, generation } of event.type === 'NodeAnnounced' ? event.executions : [event]) {
    node.said.set(execution, { job: jobKeyText(job), state })
    node.ever.add(execution)
    node.told.add(`${execution} ${state}`)
    if (state === 'starting') node.started.set(jobKeyText(job), [generation[0], generation[1]])
  }
}
