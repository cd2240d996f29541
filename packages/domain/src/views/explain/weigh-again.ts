/**
 * Counts the outcomes of a rollout again, naively from its events, and asks whether a recorded halt follows from them: the test
 * over the outcomes in their order, the limits of the recorded policy, and the budget.
 */
import type { JobSubjectEvent, NodesGranted, RolloutHalted, RolloutPolicy, VerdictsReached } from '@dunlin/contracts'
import { addOutcome, noEvidence, type Evidence } from '../../rollout/analysis/one-sample.ts'
import { SETTLED_FOR_PERCENT } from '../../rollout/health/halting.ts'
import type { Check } from './decision.ts'

/** A second set of books on one rollout, kept from its events alone. */
export interface Tally {
  readonly policy: RolloutPolicy
  readonly targets: Set<string>
  unhealthy: number
  /** Executions whose node was unhealthy before: no evidence. */
  readonly sick: Set<string>
  /** Executions that have had their first verdict. */
  readonly settled: Set<string>
  evidence: Evidence
  /** Nodes whose turn has come, with what is open there; undefined = settled, deferred or taken out. */
  readonly turns: Map<string, string | undefined>
  /** Nodes that were taken out of the placement since the plan. */
  readonly gone: Set<string>
  /** Taken out, and placed again since. */
  readonly back: Set<string>
  /** Parts of an evaluation that has not ended. */
  moves: { readonly add: string[]; readonly remove: string[] }
}

export const newTally = (policy: RolloutPolicy): Tally => ({
  policy,
  targets: new Set(),
  unhealthy: 0,
  sick: new Set(),
  settled: new Set(),
  evidence: noEvidence,
  turns: new Map(),
  gone: new Set(),
  back: new Set(),
  moves: { add: [], remove: [] },
})

/** Takes an event of this rollout or of the placement, in the order of the log. */
export const count = (tally: Tally, event: JobSubjectEvent): void => {
  switch (event.type) {
    case 'PlanDrawn':
      if (event.part === 0) tally.targets.clear()
      for (const node of event.targets) tally.targets.add(node)
      return
    case 'PlanCompleted':
      tally.unhealthy = event.unhealthy ?? 0
      return
    case 'NodesGranted':
      return grant(tally, event)
    case 'NodesDeferred':
      for (const { node } of event.nodes) tally.turns.set(node, undefined)
      return
    case 'GrantsRevoked':
      for (const node of event.nodes) tally.turns.set(node, undefined)
      return
    case 'VerdictsReached':
      return settle(tally, event)
    case 'RolloutResumed':
      tally.evidence = noEvidence
      return
    case 'PlacementChanged':
      if (event.part === 0) tally.moves = { add: [], remove: [] }
      tally.moves.add.push(...event.add)
      tally.moves.remove.push(...event.remove)
      return
    case 'PlacementCompleted':
      move(tally)
      return
    default:
      return
  }
}

const grant = (tally: Tally, event: NodesGranted): void => {
  // When every target was unhealthy before, all of them are evidence.
  const sick = new Set<string>(tally.unhealthy >= tally.targets.size ? [] : event.unhealthy)
  for (const [node, execution] of event.grants) {
    tally.turns.set(node, execution)
    tally.back.delete(node)
    if (sick.has(node)) tally.sick.add(execution)
  }
}

const settle = (tally: Tally, event: VerdictsReached): void => {
  for (const { node, execution, verdict } of event.verdicts) {
    if (tally.turns.get(node) === execution) tally.turns.set(node, undefined)
    if (tally.settled.has(execution)) continue
    tally.settled.add(execution)
    if (!tally.sick.has(execution)) tally.evidence = addOutcome(tally.evidence, verdict, tally.policy.analysis?.p0 ?? 1)
  }
}

const move = (tally: Tally): void => {
  for (const node of tally.moves.remove) {
    tally.gone.add(node)
    tally.back.delete(node)
    if (tally.turns.has(node)) tally.turns.set(node, undefined)
  }
  for (const node of tally.moves.add) if (tally.gone.delete(node) && tally.turns.has(node)) tally.back.add(node)
  tally.moves = { add: [], remove: [] }
}

/** Nodes whose outcome is going to be evidence and that have none yet. */
const stillToSettle = ({ targets, turns, gone, back, sick }: Tally): number => {
  let left = back.size
  for (const node of targets) if (!turns.has(node) && !gone.has(node)) left += 1
  for (const execution of turns.values()) if (execution !== undefined && !sick.has(execution)) left += 1
  return left
}

export const weighAgain = (tally: Tally | undefined, halted: RolloutHalted): Check => {
  if (halted.reason === 'requested') return { is: 'not_computable', message: 'a person asked for it' }
  if (tally === undefined) return { is: 'not_computable', message: 'the rollout begins before what was read' }
  const { settled, failed, maxE } = tally.evidence
  const counted = `${failed} of ${settled} outcomes failed${tally.policy.analysis === undefined ? '' : `, highest e ${maxE.toPrecision(6)}`}`
  const wrong = [...differences(tally, halted), ...(follows(tally, halted) ? [] : [`${halted.reason} does not follow`])]
  return wrong.length === 0
    ? { is: 'agrees', message: `counted again from the verdicts: ${counted}; ${halted.reason} follows` }
    : { is: 'disagrees', message: `counted again from the verdicts: ${counted}; ${wrong.join('; ')}` }
}

const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b))

const shown = (value: number | undefined): string =>
  value === undefined ? 'nothing' : String(Number(value.toPrecision(6)))

/** The recorded numbers against the counted ones. */
const differences = ({ evidence, policy }: Tally, { evidence: said }: RolloutHalted): readonly string[] => {
  if (said === undefined) return []
  const pairs: readonly (readonly [string, number | undefined, number])[] = [
    ['settled', said.settled, evidence.settled],
    ['failed', said.failed, evidence.failed],
    ...(policy.analysis === undefined
      ? []
      : ([
          ['e', said.e, evidence.e],
          ['highest e', said.maxE, evidence.maxE],
          ['tolerated share', said.p0, policy.analysis.p0],
          ['limit of e', said.haltAt, policy.analysis.haltAt],
        ] as const)),
  ]
  return pairs.flatMap(([what, recorded, counted]) =>
    recorded !== undefined && close(recorded, counted)
      ? []
      : [`${what} is recorded as ${shown(recorded)} and is ${shown(counted)}`],
  )
}

const follows = (tally: Tally, { reason, counts, evidence: said }: RolloutHalted): boolean => {
  const { policy } = tally
  const { settled, failed, maxE } = tally.evidence
  switch (reason) {
    case 'analysis':
      return policy.analysis !== undefined && maxE >= policy.analysis.haltAt
    case 'max_failed_nodes':
      return policy.maxFailedNodes !== undefined && failed > policy.maxFailedNodes
    case 'max_failed_nodes_percent': {
      const limit = policy.maxFailedNodesPercent
      // Before so many have settled a share says little, unless nobody is left to change it, or none is tolerated.
      const isEnough = settled >= SETTLED_FOR_PERCENT || limit === 0 || stillToSettle(tally) === 0
      return failed > 0 && isEnough && 100 * failed > limit * settled
    }
    case 'budget_exhausted':
      return said === undefined || (said.atRisk >= said.budget && counts.failed + (counts.lost ?? 0) > 0)
    case 'none_healthy':
      return counts.healthy === 0 && counts.failed + (counts.lost ?? 0) > 0
    default:
      return false
  }
}
