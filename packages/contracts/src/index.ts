/** Everything that crosses a process border, each defined once. */
export * from './protocol.ts'
export { eventSchemas, eventTypes, type JobSubjectEvent, type LogEvent } from './events/index.ts'
export { heardAnswerSchema, heardQuestionSchema, type HeardAnswer } from './heartbeat/heard.ts'
export { readHeartbeat } from './heartbeat/read.ts'
export { LAST_INSTANT } from './instant.ts'
export {
  commandOutcomeSchema,
  jobStateTypes,
  jobStateTypeSchema,
  type Checkpointed,
  type CommandNoted,
  type CommandOutcome,
  type JobCreated,
  type JobDeleted,
  type JobEvent,
  type JobStateChanged,
  type JobStateType,
  type JobStopped,
  type JobTimedOut,
  type JobUpdated,
} from './events/job.ts'
export {
  evaluationTriggers,
  type EvaluationTrigger,
  type PlacementChanged,
  type PlacementCompleted,
  type PlacementEvent,
} from './events/placement.ts'
export {
  holds,
  rolloutPolicySchema,
  rolloutTypes,
  strategies,
  verdictSchema,
  type GrantsRevoked,
  type HaltEvidence,
  type HealthWindow,
  type Hold,
  type HoldLifted,
  type HoldPlaced,
  type NodesDeferred,
  type NodesGranted,
  type PlacesFreed,
  type PlanCompleted,
  type PlanDrawn,
  type RolloutClosed,
  type RolloutCounts,
  type RolloutEvent,
  type RolloutHalted,
  type RolloutOpened,
  type RolloutPolicy,
  type RolloutResumed,
  type RolloutType,
  type Strategy,
  type Verdict,
  type VerdictsReached,
  type WavePassed,
  type WaveStarted,
} from './events/rollout.ts'
export { type NodeAdmitted, type NodeEvent } from './events/node.ts'
export { type TokenEvent } from './events/token.ts'
export { type LogOwnEvent } from './events/log.ts'
export {
  applyBodySchema,
  deleteBodySchema,
  jobVerbs,
  plainBodySchema,
  rollbackBodySchema,
  rolloutVerbs,
  type JobVerb,
} from './commands/job.ts'
export {
  drainNodeBodySchema,
  labelNodeBodySchema,
  nodeVerbs,
  plainNodeBodySchema,
  removeNodeBodySchema,
  type NodeVerb,
} from './commands/node.ts'
export { reservedLabelPrefix } from './labels.ts'
export { configProblems, type ConfigProblem } from './errors/config-problems.ts'
export * from './http/index.ts'
export * from './job-spec/index.ts'
export * from './source/index.ts'
