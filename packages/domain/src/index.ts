/** Pure rules. No clock, no randomness, no I/O: what varies is an argument. */
export { decided, refused, type Decision } from './decision.ts'
export { closeRollout, decideJob, type ApplyJob, type DeleteJob, type JobCommand, type StopJob } from './job/decide.ts'
export { type CommandHead, type JobDecision } from './job/command-head.ts'
export {
  possibleVerbs,
  rollbackTarget,
  type RollBackJob,
  type RollbackTarget,
  type RolloutCommand,
  type SteerRollout,
} from './rollout/commands.ts'
export { foldJobCommit } from './job/evolve.ts'
export {
  isLive,
  isPresent,
  noJob,
  outcomeOf,
  type Job,
  type JobState,
  type Lifecycle,
  type Placement,
  type PresentJob,
  type VersionRecord,
  type Versions,
} from './job/state.ts'
export {
  REMEMBER_AT_LEAST,
  REMEMBER_AT_MOST,
  REMEMBER_FOR_MS,
  type RememberedCommand,
  type RememberedCommands,
} from './job/remembered.ts'
export { decideTimeout, nextTimeout, type Timeout } from './job/timeouts.ts'
export { deriveJobState, stateDiffers, statusFacts, type DerivedState, type StatusFacts } from './job/status.ts'
export {
  evaluateNode,
  evaluatePlacement,
  isWaiting,
  PART_SIZE,
  recordPlacement,
  type PlacementDifference,
} from './placement/evaluate.ts'
export {
  demandOfSpec,
  whyNotEligible,
  type JobDemand,
  type LeftOut,
  type LeftOutReason,
} from './placement/eligibility.ts'
export { matchesSelector } from './placement/selector.ts'
export { foldNodeCommit, noNode, type Connection, type NodeOutcome, type NodeState } from './node/state.ts'
export {
  decideNode,
  DEFAULT_DRAIN_MS,
  possibleNodeVerbs,
  type NodeCommand,
  type NodeCommandHead,
  type NodeDecision,
} from './node/decide.ts'
export { labelOf, labelsOf, refusedLabels } from './node/labels.ts'
export { reserveKey } from './token/reserve-key.ts'
export { createToken, revokeToken, useToken, whyUnusable, type CreateToken } from './token/decide.ts'
export { enrolNode, standingOf, type Standing } from './token/enrol.ts'
export { noToken, type TokenState } from './token/state.ts'
export { tellTokenEvent } from './views/explain/tell-token.ts'
export { nodeFacts, type NodeFacts } from './node/facts.ts'
export { drainOf, type DrainPlan, type DrainStep, type DrainTurn } from './node/drain.ts'
export { DEFAULT_LIVENESS, judgeLiveness, type Heard, type Judge, type LivenessTimers } from './node/liveness.ts'
export { foldReportCommit, noReports, shrinkReportsOf, type NodeReports } from './execution/state.ts'
export { MOST_EXECUTIONS, MOST_OWN_LABELS, type Surplus } from './execution/limits.ts'
export { causeText, failureCause, type FailureCause } from './execution/cause.ts'
export { observe, observeFormer, type Observation, type ObservedState } from './execution/observe.ts'
export { advanceRollout } from './rollout/advance.ts'
export { type AdvanceFacts, type Blindness } from './rollout/facts.ts'
export { nextType, policyFor } from './rollout/open.ts'
export { freePlaces, revokeUnstarted, type RevokeFacts } from './rollout/revoke.ts'
export { drawPlan, SITE_LABEL, type PlanFacts, type PlanRequest, type RolloutPlan } from './rollout/plan/plan.ts'
export {
  countsOf,
  fallbackFrom,
  grantedOf,
  holdsOf,
  isHeld,
  mayClose,
  runsHealthily,
  settledOf,
  waveMembers,
  type Grant,
  type HaltRecord,
  type HeldBy,
  type Proven,
  type RolloutEvidence,
  type Rollout,
  type RolloutPhase,
  type Rollouts,
  type RolloutSummary,
  type Slot,
} from './rollout/state.ts'
export { recordVerdicts } from './rollout/verdicts.ts'
export {
  isHealthy,
  judgeDeadline,
  judgeWindows,
  noWindows,
  type HealthPolicy,
  type Judgement,
  type WindowRun,
} from './rollout/health/judge.ts'
export {
  analysisRule,
  anyOf,
  characteristicsOf,
  characteristicsOfGroups,
  countRule,
  mostBelievable,
  oneByOne,
  percentRule,
  reachedPercentRule,
  touchedOfAll,
  touchedQuantile,
  type Characteristics,
  type ExactCase,
  type HaltingRule,
} from './rollout/analysis/exact.ts'
export { addOutcome, eValue, noEvidence, type Evidence, type Outcomes } from './rollout/analysis/one-sample.ts'
export { nodesToSee, powerOf, type Power } from './rollout/analysis/power.ts'
export { haltEvidence, SETTLED_FOR_PERCENT, whyHalt, type Halt } from './rollout/health/halting.ts'
export { orderTargets, planSeed } from './rollout/plan/order.ts'
export { drawWaves, rampLimit, rampSteps, sizeOf, waveSizeOf } from './rollout/plan/waves.ts'
export { buildDocument, desiredExecution } from './desired/build.ts'
export { touchedNodes } from './desired/touched.ts'
export { FOLD_VERSION, foldings, type FleetKinds } from './fleet/foldings.ts'
export { noLog, type LogState } from './fleet/log-state.ts'
export { executionRow, executionRows, type ExecutionRow, type FleetReader } from './views/executions.ts'
export { nothingTaken, takenTogether, type Check, type Checked, type ToldDecision } from './views/explain/decision.ts'
export { createExplainer, type About, type Explainer } from './views/explain/explainer.ts'
export { tellNodeEvent } from './views/explain/tell-node.ts'
export { waitsOf, type Wait } from './views/explain/waits.ts'
export { planFactsOf } from './views/plan/facts.ts'
export {
  planApply,
  type PlanApplyFacts,
  type PlannedApply,
  type PlannedRollout,
  type WantedSpec,
} from './views/plan/plan-apply.ts'
export * from './converge/index.ts'
export { specOfStored } from './job/stored-spec.ts'
