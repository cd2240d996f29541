/** Whether a rollout is over; one that ended otherwise than healthy measures nothing. */
import type { JobSubjectEvent } from '@dunlin/contracts'

export const closedWell = (events: readonly JobSubjectEvent[], healthy: number): boolean => {
  const halted = events.find((event) => event.type === 'RolloutHalted')
  if (halted !== undefined) throw new Error(`halted: ${halted.message}`)
  const closed = events.find((event) => event.type === 'RolloutClosed')
  if (closed === undefined) return false
  if (closed.outcome !== 'completed' || closed.counts.healthy !== healthy)
    throw new Error(`${closed.outcome}, ${closed.counts.healthy} of ${healthy} healthy`)
  return true
}
