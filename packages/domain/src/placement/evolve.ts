/** Folds placement: parts are set aside until the evaluation is complete, then they take effect at once. */
import type { NodeId, PlacementEvent } from '@dunlin/contracts'
import type { Placement } from '../job/state.ts'
import type { CommitContext } from '../commit-context.ts'

/** Returns the nodes that lost their place, which voids their grants. */
export const evolvePlacement = (
  placement: Placement,
  event: PlacementEvent,
  context: CommitContext,
): readonly NodeId[] => {
  if (event.type === 'PlacementChanged') {
    if (event.part === 0) placement.unfinished = { evaluation: event.evaluation, parts: 0, add: [], remove: [] }
    const { unfinished } = placement
    if (unfinished?.evaluation !== event.evaluation || unfinished.parts !== event.part) return []
    unfinished.parts += 1
    unfinished.add.push(...event.add)
    unfinished.remove.push(...event.remove)
    return []
  }
  const { unfinished } = placement
  delete placement.unfinished
  const parts = unfinished?.evaluation === event.evaluation ? unfinished : { parts: 0, add: [], remove: [] }
  // A part is missing: this end belongs to an evaluation that another one has discarded.
  if (parts.parts !== event.parts) return []
  placement.removed = parts.remove
  for (const node of parts.remove) placement.nodes.delete(node)
  for (const node of parts.add) placement.nodes.add(node)
  placement.last = {
    evaluation: event.evaluation,
    trigger: event.trigger,
    version: event.version,
    seq: context.seq,
    at: context.at,
    leftOut: event.leftOut,
  }
  return parts.remove
}
