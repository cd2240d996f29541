/** A copy that may be folded on while the original stays: folds change in place what they hold. */
import type { Job } from '../../job/state.ts'

export const copyJob = ({ versions, placement, rollouts }: Job): Job => {
  const { current, past, proven, grants, atRisk, revoked } = rollouts
  return {
    versions: versions.is === 'absent' ? versions : { ...versions, history: [...versions.history] },
    placement: { ...placement, nodes: new Set(placement.nodes) },
    rollouts: {
      ...(current === undefined
        ? {}
        : {
            current: {
              ...current,
              slots: new Map(current.slots),
              counts: { ...current.counts },
              holds: { ...current.holds },
            },
          }),
      past: [...past],
      proven: [...proven],
      // Grants themselves change by verdicts only, and nobody judges a copy.
      grants: new Map(grants),
      atRisk: new Set(atRisk),
      revoked: new Map(revoked),
    },
    // What it remembers of commands plays no part in what is decided next.
    commands: { byId: new Map() },
  }
}
