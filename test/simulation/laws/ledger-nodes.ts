/** The ledger's page of one node: what the log says of it, and everything that it has said. */
import { jobKeyText, type NodeEvent, type ReportedState, type ReportEvent } from '@dunlin/contracts'

export interface NodeEntry {
  connected: boolean
  /** Sequence since when that is so. */
  since: number
  /** When it was recorded as connected, ms since the epoch. */
  connectedAt: number
  admission: 'unknown' | 'admitted' | 'removed'
  scheduling: 'open' | 'cordoned' | 'draining'
  /** When that was decided, and when a drain stops what is left. */
  scheduledAt: number
  deadlineAt: number
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
  connectedAt: 0,
  admission: 'unknown',
  scheduling: 'open',
  scheduledAt: 0,
  deadlineAt: 0,
  said: new Map(),
  ever: new Set(),
  told: new Set(),
  started: new Map(),
  unsure: false,
})

export const enterNode = (node: NodeEntry, event: NodeEvent, seq: number, at: number): void => {
  if (event.type === 'NodeCordoned') Object.assign(node, { scheduling: 'cordoned', scheduledAt: at })
  if (event.type === 'NodeDrained')
    Object.assign(node, { scheduling: 'draining', scheduledAt: at, deadlineAt: event.deadlineAt ?? at })
  if (event.type === 'NodeUncordoned' || event.type === 'NodeRemoved')
    Object.assign(node, { scheduling: 'open', scheduledAt: at })
  if (event.type === 'NodeAdmitted') node.admission = 'admitted'
  if (event.type === 'NodeRemoved') node.admission = 'removed'
  const connects = event.type === 'NodeConnected' || event.type === 'NodeReturned'
  const leaves = event.type === 'NodeDisconnected' || event.type === 'NodeLost'
  if (!connects && !leaves) return
  if (node.connected !== connects) node.since = seq
  node.connected = connects
  node.connectedAt = at
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
