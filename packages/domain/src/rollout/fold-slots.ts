/** Small changes that several folds of a rollout share: a node's place with the counts, and the end of a hold. */
import type { NodeId } from '@dunlin/contracts'
import type { Rollout, Slot } from './state.ts'

/** Moves a node to another slot and keeps the counts true. */
export const place = (rollout: Rollout, node: NodeId, slot: Slot): void => {
  const before = rollout.slots.get(node)
  if (before !== undefined) rollout.counts[before] -= 1
  rollout.slots.set(node, slot)
  rollout.counts[slot] += 1
}

export const endHold = (rollout: Rollout, at: number): void => {
  if (rollout.heldSince !== undefined) rollout.heldMs += at - rollout.heldSince
  delete rollout.heldSince
}
