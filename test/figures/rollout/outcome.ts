/** What became of one rollout, read from the commits of its job. */
import type { NodeId, RolloutId } from '@dunlin/contracts'
import type { JobCommit } from '../fleet/centre.ts'

export interface Outcome {
  readonly ended: 'completed' | 'halted' | 'other'
  readonly reason?: string
  /** Nodes that were granted the version, up to the halt or the end. */
  readonly touched: number
  readonly settled: number
  /** Those that failed, also when they recovered later. */
  readonly failed: number
  readonly tookMs: number
  readonly waves: readonly number[]
  /** The rollback that followed by itself. */
  readonly rollback?: {
    readonly outcome: string
    /** Nodes it granted that the halted rollout had never granted. */
    readonly neverGranted: number
    /** Nodes of the halted rollout that it did not grant. */
    readonly leftOut: number
    readonly tookMs: number
  }
}

/** The first rollout of `version`, and the rollback that followed it if one did. */
export const outcomeOf = (history: readonly JobCommit[], version: number): Outcome => {
  const rollouts = rolloutsOf(history)
  const at = rollouts.findIndex((rollout) => rollout.version === version)
  const rollout = rollouts[at]
  if (rollout === undefined) throw new Error(`version ${version} was never rolled out`)
  const next = rollouts[at + 1]
  const { ended, reason, granted, verdicts, waves } = rollout
  return {
    ended: ended === 'completed' || ended === 'halted' ? ended : 'other',
    ...(reason === undefined ? {} : { reason }),
    touched: granted.size,
    settled: verdicts.size,
    failed: [...verdicts.values()].filter((verdict) => verdict === 'failed').length,
    tookMs: rollout.endedAtMs - rollout.openedAtMs,
    waves,
    ...(next === undefined || next.type !== 'rollback'
      ? {}
      : {
          rollback: {
            outcome: next.ended,
            neverGranted: [...next.granted].filter((node) => !granted.has(node)).length,
            leftOut: [...granted].filter((node) => !next.granted.has(node)).length,
            tookMs: next.endedAtMs - next.openedAtMs,
          },
        }),
  }
}

export type Timeline = readonly { readonly atMs: number; readonly granted: number; readonly settled: number }[]

export const timelineOf = (history: readonly JobCommit[], version: number): Timeline => {
  const points: { atMs: number; granted: number; settled: number }[] = []
  let rollout: RolloutId | undefined
  let [openedAtMs, granted, settled] = [0, 0, 0]
  for (const { atMs, ev } of history)
    for (const event of ev) {
      if (event.type === 'RolloutOpened' && event.version === version) {
        rollout = event.rollout
        openedAtMs = atMs
      }
      if (rollout === undefined || !('rollout' in event) || event.rollout !== rollout) continue
      if (event.type === 'NodesGranted') granted += event.grants.length
      else if (event.type === 'VerdictsReached') settled += event.verdicts.length
      else if (event.type !== 'RolloutOpened' && event.type !== 'RolloutClosed') continue
      points.push({ atMs: atMs - openedAtMs, granted, settled })
    }
  return points
}

interface Told {
  readonly id: RolloutId
  readonly type: string
  readonly version: number
  readonly openedAtMs: number
  endedAtMs: number
  ended: string
  reason?: string
  waves: readonly number[]
  /** The first of each node. */
  readonly verdicts: Map<NodeId, 'healthy' | 'failed'>
  readonly granted: Set<NodeId>
}

const rolloutsOf = (history: readonly JobCommit[]): Told[] => {
  const rollouts: Told[] = []
  const byId = new Map<RolloutId, Told>()
  for (const { ev, atMs } of history)
    for (const event of ev) {
      if (event.type === 'RolloutOpened') {
        const { rollout: id, rolloutType: type, version } = event
        const counts = { verdicts: new Map<NodeId, 'healthy' | 'failed'>(), granted: new Set<NodeId>() }
        const told: Told = { id, type, version, openedAtMs: atMs, endedAtMs: atMs, ended: 'open', waves: [], ...counts }
        rollouts.push(told)
        byId.set(id, told)
        continue
      }
      const told = 'rollout' in event ? byId.get(event.rollout) : undefined
      if (told === undefined) continue
      if (event.type === 'PlanCompleted') told.waves = event.waves
      else if (event.type === 'NodesGranted' && told.ended === 'open')
        for (const [node] of event.grants) told.granted.add(node)
      else if (event.type === 'VerdictsReached' && told.ended === 'open')
        for (const { node, verdict } of event.verdicts) {
          if (!told.verdicts.has(node)) told.verdicts.set(node, verdict)
        }
      else if (event.type === 'RolloutHalted')
        Object.assign(told, { ended: 'halted', reason: event.reason, endedAtMs: atMs })
      else if (event.type === 'RolloutClosed' && told.ended === 'open')
        Object.assign(told, { ended: event.outcome, endedAtMs: atMs })
    }
  return rollouts
}
