/** What an event of a job rests on that the log does not prove. */
import type { JobSubjectEvent, Verdict } from '@dunlin/contracts'
import { nothingTaken, takenTogether, type Unverified } from './decision.ts'

/** `node`: only what concerns this one. */
export const takenBy = (event: JobSubjectEvent, node?: string): Unverified => {
  const own = <T>(items: readonly T[], nodeOf: (item: T) => string): readonly T[] =>
    node === undefined ? items : items.filter((item) => nodeOf(item) === node)
  switch (event.type) {
    case 'VerdictsReached':
      return own(event.verdicts, (one) => one.node)
        .map(takenByVerdict)
        .reduce(takenTogether, nothingTaken)
    case 'NodesDeferred':
      return { ...nothingTaken, connections: own(event.nodes, (one) => one.node).filter(isAway).length }
    case 'GrantsRevoked':
      return { ...nothingTaken, connections: own(event.nodes, (id) => id).length }
    case 'HoldPlaced':
    case 'HoldLifted':
      return event.hold === 'visibility' && node === undefined ? { ...nothingTaken, sight: 1 } : nothingTaken
    default:
      return nothingTaken
  }
}

/** A rollout that has halted defers by itself; everything else is about a node that could not be reached. */
const isAway = ({ reason }: { readonly reason: string }): boolean => reason !== 'rollout_halted'

const takenByVerdict = ({ reason, evidence }: Verdict): Unverified => {
  const taken = { ...nothingTaken, windows: evidence.length }
  switch (reason) {
    case 'completed':
    case 'execution_failed':
      return { ...taken, reports: 1 }
    case 'lost_after':
    case 'not_started':
      return { ...taken, silences: 1 }
    case 'recovered':
      return evidence.length === 0 ? { ...taken, reports: 1 } : taken
    default:
      return taken
  }
}
