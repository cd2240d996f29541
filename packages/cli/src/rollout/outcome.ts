/** What the exit code says of a rollout that is watched; undefined while it is on its way. */
import type { RolloutDetailView } from '@dunlin/contracts'
import { exitCodes } from '../exit-codes.ts'

type Seen = Pick<RolloutDetailView, 'phase' | 'holds'>

export const outcomeOf = ({ phase, holds }: Seen, untilHeld: boolean): number | undefined => {
  switch (phase) {
    case 'completed':
      return exitCodes.ok
    case 'halted':
      return exitCodes.rolloutFailed
    case 'superseded':
      return exitCodes.superseded
    case 'canceled':
      return exitCodes.canceled
    case 'expired':
      return exitCodes.expired
    default:
      return untilHeld && (holds?.length ?? 0) > 0 ? exitCodes.held : undefined
  }
}
