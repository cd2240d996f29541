/**
 * Counts the outcomes of a rollout again, naively from its events, and asks whether a recorded halt follows from them: the test
 * over the outcomes in their order, the limits of the recorded policy, and the budget.
 */
import type { JobSubjectEvent, RolloutHalted, RolloutPolicy } from '@dunlin/contracts'
import { addOutcome, noEvidence, type Evidence } from '../../rollout/analysis/one-sample.ts'
import type { Check } from './decision.ts'

/** From how many settled nodes on a percentage means something (docs: rollouts). */
const SETTLED_FOR_PERCENT = 40

export interface Tally {
  readonly policy: RolloutPolicy
  planned: { readonly count: number; readonly unhealthy: number } | undefined
  readonly sick: Set<string>
  readonly settled: Set<string>
  evidence: Evidence
  excluded: number
  /** Settled before the last resume. */
  before: number
}

export const newTally = (policy: RolloutPolicy): Tally => ({
  policy,
  planned: undefined,
  sick: new Set(),
  settled: new Set(),
  evidence: noEvidence,
  excluded: 0,
  before: 0,
})

/** Takes an event of this rollout, in the order of the log. */
export const count = (tally: Tally, event: JobSubjectEvent): void => {
  switch (event.type) {
    case 'PlanCompleted':
      tally.planned = { count: event.count, unhealthy: event.unhealthy ?? 0 }
      return
    case 'NodesGranted': {
      const { count: targets = 0, unhealthy = 0 } = tally.planned ?? {}
      // When every target was unhealthy before, all of them are evidence.
      if (unhealthy >= targets) return
      const sick = new Set<string>(event.unhealthy)
      for (const [node, execution] of event.grants)
        if (sick.has(node)) {
          tally.sick.add(execution)
          tally.excluded += 1
        }
      return
    }
    case 'VerdictsReached':
      for (const { execution, verdict } of event.verdicts) {
        if (tally.settled.has(execution)) continue
        tally.settled.add(execution)
        if (!tally.sick.has(execution))
          tally.evidence = addOutcome(tally.evidence, verdict, tally.policy.analysis?.p0 ?? 1)
      }
      return
    case 'RolloutResumed':
      tally.evidence = noEvidence
      tally.before = tally.settled.size
      return
    default:
      return
  }
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
  const { policy, excluded, before } = tally
  const { settled, failed, maxE } = tally.evidence
  switch (reason) {
    case 'analysis':
      return policy.analysis !== undefined && maxE >= policy.analysis.haltAt
    case 'max_failed_nodes':
      return policy.maxFailedNodes !== undefined && failed > policy.maxFailedNodes
    case 'max_failed_nodes_percent': {
      const canSettle = Math.max(1, counts.targets - counts.deferred - (counts.removed ?? 0) - excluded - before)
      return (
        settled >= Math.min(SETTLED_FOR_PERCENT, canSettle) && 100 * failed > policy.maxFailedNodesPercent * settled
      )
    }
    case 'budget_exhausted':
      return said === undefined || (said.atRisk >= said.budget && counts.failed + (counts.lost ?? 0) > 0)
    default:
      return false
  }
}
