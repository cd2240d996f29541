/** The default policy as the exact computation sees it: its rule, and the batches in which its ramp and waves grant. */
import { resolveRolloutPolicy } from '@dunlin/contracts'
import {
  analysisRule,
  anyOf,
  characteristicsOf,
  drawWaves,
  percentRule,
  rampSteps,
  SETTLED_FOR_PERCENT,
  waveSizeOf,
  type Characteristics,
  type ExactCase,
  type HaltingRule,
} from '@dunlin/domain'

const policy = resolveRolloutPolicy({})

if (policy.analysis === undefined) throw new Error('the figures are about a default policy with analysis')
/** What the default tolerates: p0 and haltAt. */
export const TOLERATED = policy.analysis
/** In a sentence, as it is at this moment. */
export const DEFAULT_TEXT =
  `${100 * TOLERATED.p0} % of the nodes may fail, evidence of ${TOLERATED.haltAt} to 1 for more halts, and so do more than ` +
  `${policy.maxFailedNodesPercent} % of at least ${SETTLED_FOR_PERCENT} settled nodes`

export const TEST_ALONE: HaltingRule = analysisRule(TOLERATED)
export const DEFAULT_RULE: HaltingRule = anyOf(
  TEST_ALONE,
  percentRule(policy.maxFailedNodesPercent, SETTLED_FOR_PERCENT),
)

/** The next batch is granted when the one before has settled: the steps of the ramp, the rest of the wave, the waves. */
export const defaultBatches = (nodes: number): readonly number[] => {
  const [first = 0, ...waves] = drawWaves(policy, nodes)
  const steps = [0, ...rampSteps(waveSizeOf(policy, nodes)).filter((step) => step < first), first]
  return [...steps.slice(1).map((step, i) => step - (steps[i] ?? 0)), ...waves]
}

export const SHORTEST_VALIDATION_MS = policy.health.intervalMs * policy.health.successThreshold
export const RUNS = {
  successes: policy.health.successThreshold,
  failures: policy.health.failureThreshold,
  windows: Math.floor(policy.health.deadlineMs / policy.health.intervalMs),
}

/**
 * The rule of the engine on batches of the ramp and the waves, each granted when the one before has settled, healthy nodes
 * before failed ones. Not modelled: places that failed nodes keep in the budget, so that a wave comes in two parts.
 */
export const exactDefault = (
  nodes: number,
  broken: ExactCase['broken'],
  rule: HaltingRule = DEFAULT_RULE,
): Characteristics => characteristicsOf({ rule, broken, batches: defaultBatches(nodes) })
