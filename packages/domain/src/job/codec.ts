/** The aggregate as JSON, for snapshots and checkpoints: maps become lists of entries, everything else stays. */
import type { NodeId } from '@dunlin/contracts'
import type { Grant, Revocation, Rollout, Rollouts } from '../rollout/state.ts'
import type { RememberedCommand, RememberedCommands } from './remembered.ts'
import type { Job, Placement, Versions } from './state.ts'

interface RolloutJson extends Omit<Rollout, 'slots'> {
  readonly slots: [NodeId, Rollout['slots'] extends Map<NodeId, infer S> ? S : never][]
}
interface JobJson {
  readonly versions: Versions
  readonly placement: Omit<Placement, 'nodes' | 'removed'> & { readonly nodes: NodeId[] }
  readonly rollouts: Omit<Rollouts, 'current' | 'grants' | 'atRisk' | 'revoked'> & {
    readonly current?: RolloutJson
    readonly grants: [NodeId, Grant][]
    readonly atRisk: NodeId[]
    readonly revoked: [NodeId, Revocation][]
  }
  readonly commands: Omit<RememberedCommands, 'byId'> & { readonly byId: RememberedCommand[] }
}

export const jobToJson = (job: Job): JobJson => {
  const { nodes, removed: _, ...placement } = job.placement
  const { current, grants, atRisk, revoked, ...rollouts } = job.rollouts
  const { byId, ...commands } = job.commands
  return {
    versions: job.versions,
    placement: { ...placement, nodes: [...nodes] },
    rollouts: {
      ...rollouts,
      ...(current === undefined ? {} : { current: { ...current, slots: [...current.slots] } }),
      grants: [...grants],
      atRisk: [...atRisk],
      revoked: [...revoked],
    },
    commands: { ...commands, byId: [...byId.values()] },
  }
}

/** Trusts its input (a snapshot is our own, found by fold number and proven by hash) and keeps parts of it. */
export const jobFromJson = (json: unknown): Job => {
  const { versions, placement, rollouts, commands } = json as JobJson
  const { current, grants, atRisk, revoked, ...restOfRollouts } = rollouts
  const { byId, ...restOfCommands } = commands
  return {
    versions,
    placement: { ...placement, nodes: new Set(placement.nodes), removed: [] },
    rollouts: {
      ...restOfRollouts,
      ...(current === undefined ? {} : { current: { ...current, slots: new Map(current.slots) } }),
      grants: new Map(grants),
      atRisk: new Set(atRisk),
      revoked: new Map(revoked),
    },
    commands: { ...restOfCommands, byId: new Map(byId.map((entry) => [entry.id, entry])) },
  }
}
