/** The second boot of a simulated node: what it still knows, and what still runs. */
import { NO_GENERATION, type BootId, type JournalId, type Labels } from '@dunlin/contracts/agent'
import { tell } from './converging.ts'
import { NOTHING_WANTED, type SimulatedNode } from './node.ts'

export interface Reboot {
  /** Lost: a new journal; what was activated is known again from its task directory, the document is not. */
  readonly journal: 'kept' | 'lost'
  /**
   * kept (default): only the agent was started again, and adopts its tasks. killed: the host was, and they are restarted.
   * lost: the disk was replaced and nothing is known (only with a lost journal; otherwise as killed).
   */
  readonly tasks?: 'kept' | 'killed' | 'lost'
  /** What the agent says of itself from now on; default as before. */
  readonly labels?: Labels
}

export const rebootNode = (
  node: SimulatedNode,
  { journal, tasks = 'kept', labels }: Reboot,
  fresh: { readonly boot: BootId; readonly journal: JournalId },
): void => {
  node.boot = fresh.boot
  node.labels = labels ?? node.labels
  node.v = 0
  node.expected = undefined
  node.head = undefined
  node.beats = 0
  node.beatMs = -Infinity
  node.announced = false
  node.sending = false
  node.pending = undefined
  node.reading = false
  node.readAtMs = undefined
  // The announcement tells the latest transition of everything.
  node.outbox = []
  if (journal === 'kept') return
  node.journal = fresh.journal
  node.j = 0
  node.generation = NO_GENERATION
  node.wanted = NOTHING_WANTED
  for (const [id, one] of node.executions) {
    if (tasks === 'lost' || !one.started) node.executions.delete(id)
    else tell(node, one)
  }
}
