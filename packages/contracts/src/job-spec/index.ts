/** The native job spec: reading, writing, and what follows from it. */
export { contentHash, contentOf, rollBackSpec, specHash, type HashText } from './content.ts'
export { durationMs, formatGoDuration, parseGoDuration, type ParsedDuration } from '../duration.ts'
export { jobTypes, schedulingClass, type ClassFacts, type JobType, type SchedulingClass } from './job-type.ts'
export { encodedLength, MAX_ENCODED_KEY, nameProblem } from './name.ts'
export { MAX_SPEC_BYTES, parseJobSpec, type ParsedJobSpec } from './parse.ts'
export { defaultRestartPolicy, restartPolicies, type RestartPolicy } from './restart.ts'
export { HEALTH_DEFAULTS, ROLLOUT_DEFAULTS } from './rollout-defaults.ts'
export { resolveRolloutPolicy } from './rollout-policy.ts'
export { type RolloutBlock } from './rollout.ts'
export {
  parseExpression,
  type ExpressionProblem,
  type ParsedExpression,
  type Requirement,
} from './selector-expression.ts'
export {
  parseSelector,
  type ParsedSelector,
  type SelectorBlock,
  type SelectorProblem,
  type SelectorResult,
} from './selector.ts'
export { jobSpecSchema, type JobSpec } from './spec.ts'
export { type Warning } from './warning.ts'
export { writeJobSpec } from './write.ts'
export { sourceOfSpec } from './wrapping.ts'
