/** Pure rules. No clock, no randomness, no I/O: what varies is an argument. */
export { decided, refused, type Decision } from './decision.ts'
export {
  closeRollout,
  decideJob,
  type ApplyJob,
  type CommandHead,
  type DeleteJob,
  type JobCommand,
  type JobDecision,
  type StopJob,
} from './job/decide.ts'
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
export { deriveJobState, stateDiffers, type DerivedState, type StatusFacts } from './job/status.ts'
export {
  evaluateNode,
  evaluatePlacement,
  PART_SIZE,
  recordPlacement,
  type PlacementDifference,
} from './placement/evaluate.ts'
export { whyNotEligible, type JobDemand, type LeftOut, type LeftOutReason } from './placement/eligibility.ts'
export { matchesSelector } from './placement/selector.ts'
export { foldNodeCommit, noNode, type Connection, type NodeState } from './node/state.ts'
export { nodeFacts, type NodeFacts } from './node/facts.ts'
export { DEFAULT_LIVENESS, judgeLiveness, type Heard, type Judge, type LivenessTimers } from './node/liveness.ts'
export { foldReportCommit, noReports, type NodeReports } from './execution/state.ts'
export { observe, type Observation, type ObservedState } from './execution/observe.ts'
export { advanceRollout, waveMembers, type AdvanceFacts } from './rollout/advance.ts'
export {
  countsOf,
  mayClose,
  type Grant,
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
  countRule,
  mostBelievable,
  oneByOne,
  percentRule,
  touchedQuantile,
  type Characteristics,
  type ExactCase,
  type HaltingRule,
} from './rollout/analysis/exact.ts'
export { addOutcome, eValue, noEvidence, type Evidence, type Outcomes } from './rollout/analysis/one-sample.ts'
export { nodesToSee, powerOf, type Power } from './rollout/analysis/power.ts'
export { whyHalt, type Halt } from './rollout/health/halting.ts'
export { orderTargets } from './rollout/plan/order.ts'
export { drawWaves, sizeOf, waveSizeOf } from './rollout/plan/waves.ts'
export { buildDocument, desiredExecution } from './desired/build.ts'
export { touchedNodes } from './desired/touched.ts'
export { FOLD_VERSION, foldings, type FleetKinds } from './fleet/foldings.ts'
export { noLog, type LogState } from './fleet/log-state.ts'
export { executionRow, executionRows, type ExecutionRow, type FleetReader } from './views/executions.ts'
export * from './converge/index.ts'
