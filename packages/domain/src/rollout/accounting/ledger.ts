/**
 * A second set of books: what the laws need to know, counted from the events alone and in the plainest way, so that it
 * shares no mistake with the state that the engine keeps.
 */
import type { ExecutionId, JobSubjectEvent, NodeId, RolloutId, RolloutPolicy, RolloutType } from '@dunlin/contracts'
import type { WorldCommit } from './world.ts'

type SlotName = 'open' | 'healthy' | 'failed' | 'lost' | 'deferred' | 'removed'

interface LedgerGrant {
  readonly rollout: RolloutId
  readonly execution: ExecutionId
  readonly content: string
  readonly sick: boolean
  is: 'open' | 'healthy' | 'failed' | 'written off' | 'revoked'
}

export interface LedgerRollout {
  readonly id: RolloutId
  readonly type: RolloutType
  readonly content: string
  readonly policy: RolloutPolicy
  readonly version: number
  readonly openedAt: number
  /** The job was stopped after it was opened: what runs next is another rollout. */
  voided: boolean
  phase: 'planning' | 'running' | 'halted' | 'completed' | 'superseded' | 'canceled' | 'expired'
  parts: NodeId[]
  targets: readonly NodeId[] | undefined
  waves: readonly number[]
  budget: number
  everybodyWasSick: boolean
  readonly slots: Map<NodeId, SlotName>
  readonly holds: Set<string>
  promoted: boolean
  wave: number
  wavesPassed: number
  /** First verdicts that are evidence, in order, since the beginning or a person's last resume. */
  outcomes: ('healthy' | 'failed')[]
  grants: number
  rolledBack: number
}

export interface Ledger {
  readonly placed: Set<NodeId>
  /** All grants of each node, oldest first, since it was placed or the job was started. */
  readonly trails: Map<NodeId, LedgerGrant[]>
  /** Nodes that may still activate what was revoked. */
  readonly lingering: Set<NodeId>
  /** Oldest first; the last is the present one. */
  rollouts: LedgerRollout[]
  /** Contents that a completed rollout brought to a healthy node and that have not failed since, the latest last. */
  proven: string[]
  lifecycle: 'absent' | 'active' | 'stopped' | 'deleted'
  unfinished: { add: NodeId[]; remove: NodeId[] }
}

export const newLedger = (): Ledger => ({
  placed: new Set(),
  trails: new Map(),
  lingering: new Set(),
  rollouts: [],
  proven: [],
  lifecycle: 'absent',
  unfinished: { add: [], remove: [] },
})

export const presentRollout = (ledger: Ledger): LedgerRollout | undefined => ledger.rollouts.at(-1)

/** The grant that stands: a revoked one was never activated, so it is as if it had not been. */
export const standing = (trail: readonly LedgerGrant[] | undefined): LedgerGrant | undefined =>
  trail?.findLast(({ is }) => is !== 'revoked')

export const isAtRisk = (ledger: Ledger, node: NodeId): boolean => {
  const grant = standing(ledger.trails.get(node))
  return grant?.is === 'open' || grant?.is === 'failed' || ledger.lingering.has(node)
}

export const atRiskOf = (ledger: Ledger): ReadonlySet<NodeId> =>
  new Set([...ledger.trails.keys()].filter((node) => isAtRisk(ledger, node)))

export const countSlots = ({ slots }: LedgerRollout, ...names: readonly SlotName[]): number =>
  [...slots.values()].filter((slot) => names.includes(slot)).length

/** Of the placed nodes whose outcome counts, how many have none yet: their turn is to come, or their grant is open. */
export const mayStillSettle = (ledger: Ledger, rollout: LedgerRollout): number => {
  const known = new Set([...(rollout.targets ?? []), ...rollout.slots.keys()])
  return [...known].filter((node) => {
    if (!ledger.placed.has(node)) return false
    const slot = rollout.slots.get(node)
    if (slot === 'open') return standing(ledger.trails.get(node))?.sick !== true || rollout.everybodyWasSick
    return slot === undefined || slot === 'removed'
  }).length
}

export const writeDown = (ledger: Ledger, event: JobSubjectEvent, { at }: WorldCommit): void => {
  const rollout = presentRollout(ledger)
  switch (event.type) {
    case 'JobCreated':
      Object.assign(ledger, newLedger(), { lifecycle: 'active' })
      return
    case 'JobUpdated':
      ledger.lifecycle = 'active'
      return
    case 'JobStopped':
    case 'JobTimedOut':
    case 'JobDeleted':
      ledger.lifecycle = event.type === 'JobDeleted' ? 'deleted' : 'stopped'
      ledger.trails.clear()
      ledger.lingering.clear()
      if (rollout !== undefined) rollout.voided = true
      return
    case 'PlacementChanged':
      if (event.part === 0) ledger.unfinished = { add: [], remove: [] }
      ledger.unfinished.add.push(...event.add)
      ledger.unfinished.remove.push(...event.remove)
      return
    case 'PlacementCompleted':
      for (const node of ledger.unfinished.remove) {
        ledger.placed.delete(node)
        ledger.trails.delete(node)
        ledger.lingering.delete(node)
        if (rollout?.slots.has(node) === true) rollout.slots.set(node, 'removed')
      }
      for (const node of ledger.unfinished.add) ledger.placed.add(node)
      ledger.unfinished = { add: [], remove: [] }
      return
    case 'RolloutOpened':
      ledger.rollouts.push({
        id: event.rollout,
        type: event.rolloutType,
        content: event.content,
        policy: event.policy,
        version: event.version,
        openedAt: at,
        voided: false,
        phase: 'planning',
        parts: [],
        targets: undefined,
        waves: [],
        budget: 0,
        everybodyWasSick: false,
        slots: new Map(),
        holds: new Set(),
        promoted: false,
        wave: -1,
        wavesPassed: 0,
        outcomes: [],
        grants: 0,
        rolledBack: 0,
      })
      return
    default:
      if ('rollout' in event && rollout?.id === event.rollout) writeRollout(ledger, rollout, event)
  }
}

const writeRollout = (ledger: Ledger, rollout: LedgerRollout, event: JobSubjectEvent): void => {
  switch (event.type) {
    case 'PlanDrawn':
      if (event.part === 0) rollout.parts = []
      rollout.parts.push(...event.targets)
      return
    case 'PlanCompleted':
      rollout.targets = rollout.parts
      rollout.waves = event.waves
      rollout.budget = event.budget ?? 0
      rollout.everybodyWasSick = (event.unhealthy ?? 0) >= event.count
      rollout.phase = 'running'
      return
    case 'WaveStarted':
      rollout.wave = event.wave
      return
    case 'WavePassed':
      rollout.wavesPassed += 1
      return
    case 'NodesGranted':
      for (const [node, execution] of event.grants) {
        const sick = event.unhealthy?.includes(node) === true
        const trail = ledger.trails.get(node) ?? []
        trail.push({ rollout: rollout.id, execution, content: event.content, sick, is: 'open' })
        ledger.trails.set(node, trail)
        rollout.slots.set(node, 'open')
        ledger.lingering.delete(node)
        rollout.grants += 1
      }
      return
    case 'NodesDeferred':
      for (const { node, reason } of event.nodes) {
        rollout.slots.set(node, 'deferred')
        const grant = standing(ledger.trails.get(node))
        if (reason === 'revoked' && grant !== undefined) grant.is = 'revoked'
      }
      return
    case 'GrantsRevoked':
      for (const node of event.nodes) {
        rollout.slots.set(node, 'deferred')
        const grant = standing(ledger.trails.get(node))
        if (grant !== undefined) grant.is = 'revoked'
        ledger.lingering.add(node)
      }
      return
    case 'PlacesFreed':
      for (const node of event.nodes) ledger.lingering.delete(node)
      return
    case 'VerdictsReached':
      for (const { node, execution, verdict, reason } of event.verdicts) {
        const grant = standing(ledger.trails.get(node))
        if (grant?.execution !== execution)
          throw new Error(`S8: a verdict on ${node} about what is not its latest grant`)
        if (grant.is === 'written off') throw new Error(`S8: a verdict on ${node}, which a person has written off`)
        if (grant.is === 'open' && (!grant.sick || rollout.everybodyWasSick)) rollout.outcomes.push(verdict)
        grant.is = verdict
        rollout.slots.set(node, verdict === 'healthy' ? 'healthy' : reason === 'lost_after' ? 'lost' : 'failed')
        if (verdict !== 'healthy' || rollout.phase !== 'completed') continue
        forget(ledger, rollout.content)
        ledger.proven.push(rollout.content)
      }
      return
    case 'HoldPlaced':
      rollout.holds.add(event.hold)
      return
    case 'HoldLifted':
      rollout.holds.delete(event.hold)
      if (event.hold === 'canary') rollout.promoted = true
      return
    case 'RolloutHalted':
      rollout.phase = 'halted'
      if (event.reason !== 'requested') forget(ledger, rollout.content)
      return
    case 'RolloutResumed':
      if (rollout.phase === 'halted') rollout.outcomes = []
      rollout.phase = rollout.targets === undefined ? 'planning' : 'running'
      rollout.holds.delete('budget')
      for (const node of event.nodes ?? failedIn(rollout)) {
        const grant = standing(ledger.trails.get(node))
        if (grant !== undefined) grant.is = 'written off'
      }
      return
    case 'RolloutClosed':
      rollout.phase = event.outcome
      if (event.outcome !== 'completed' || countSlots(rollout, 'healthy') === 0) return
      forget(ledger, rollout.content)
      ledger.proven.push(rollout.content)
      return
    default:
      return
  }
}

/** More names than fit are left out: then it is everybody who has failed in it. */
const failedIn = ({ slots }: LedgerRollout): readonly NodeId[] =>
  [...slots].flatMap(([node, slot]) => (slot === 'failed' || slot === 'lost' ? [node] : []))

const forget = (ledger: Ledger, content: string): void => {
  ledger.proven = ledger.proven.filter((one) => one !== content)
}
