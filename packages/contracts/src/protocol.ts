/** The protocol of log, centre and agents; light (zod/mini), named one by one. */
export { DunlinError, type Place, type Problem } from './errors/error.ts'
export { errorOfProblem } from './errors/of-problem.ts'
export { errorCatalogue, type ErrorCode, type ErrorEntry } from './errors/catalogue.ts'
export {
  bootIdSchema,
  commandIdSchema,
  evaluationIdSchema,
  executionIdSchema,
  jobIdSchema,
  jobKeySchema,
  jobKeyText,
  journalIdSchema,
  nodeIdSchema,
  parseJobKeyText,
  rolloutIdSchema,
  sha256Schema,
  tokenIdSchema,
  type BootId,
  type CommandId,
  type EvaluationId,
  type ExecutionId,
  type JobId,
  type JobKey,
  type JournalId,
  type NodeId,
  type RolloutId,
  type Sha256,
  type TokenId,
} from './ids.ts'
export { actorSchema, natsActor, nodeActor, serviceActor, userActor, type Actor } from './actor.ts'
export { formatJoinToken, parseJoinToken, TOKEN_SECRET_BYTES, type JoinToken } from './commands/token.ts'
export { canonicalJson } from './canonical-json.ts'
export { nearestName } from './nearest.ts'
export { COMMIT_SCHEMA, isUnreadable, readCommit, type Commit, type UnreadableCommit } from './commit.ts'
export { compareGenerations, generationSchema, NO_GENERATION, type Generation } from './generation.ts'
export { LABEL_KEY, labelKeySchema, labelsSchema, MAX_LABEL_VALUE, type Labels } from './labels.ts'
export { contentSchema, type Content } from './desired/content.ts'
export { artifactSchema, type Artifact } from './drivers/artifact.ts'
export {
  configConfigSchema,
  type ConfigConfig,
  type ConfigFile,
  type OwnCommand,
  type Reload,
} from './drivers/config.ts'
export {
  processConfigSchema,
  type FetchedArtifact,
  type ProcessConfig,
  type ProcessFile,
  type Rlimits,
} from './drivers/process.ts'
export { containerConfigSchema, type ContainerConfig } from './drivers/container.ts'
export {
  formatOf,
  queryConfigSchema,
  resultFormats,
  type QueryConfig,
  type QueryFormat,
  type QuerySource,
} from './drivers/query.ts'
export { DEFAULT_HOOK_TIMEOUT_MS, type Hook } from './drivers/hooks.ts'
export { type StopSignal } from './drivers/stopping.ts'
export { updateConfigSchema, type UpdateConfig } from './drivers/update.ts'
export { bytesOf, millisOf } from './drivers/amounts.ts'
export { limitsSchema, type Limits } from './drivers/limits.ts'
export { probesContentSchema, type ProbeContent, type ProbesContent } from './drivers/probes.ts'
export { secretProvidersContentSchema, secretsContentSchema, type SecretsContent } from './drivers/secrets.ts'
export {
  DESIRED_SCHEMA,
  desiredDocumentSchema,
  desiredExecutionSchema,
  MAX_DESIRED_BYTES,
  type DesiredDocument,
  type DesiredExecution,
} from './desired/document.ts'
export {
  disturbances,
  HEARTBEAT_SCHEMA,
  heartbeatExecutionSchema,
  heartbeatSchema,
  windowEndSchema,
  WINDOWS_REPEATED,
  type Heartbeat,
  type HeartbeatExecution,
  type WindowEnd,
} from './heartbeat/heartbeat.ts'
export {
  executionReportedSchema,
  nodeAnnouncedSchema,
  reportedStates,
  reportEventSchemas,
  transitionSchema,
  type ExecutionReported,
  type NodeAnnounced,
  type NodeProblem,
  type ReportedState,
  type ReportEvent,
  type Transition,
} from './events/report.ts'
export * from './rpc/index.ts'
