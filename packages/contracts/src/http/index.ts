/** The contract table of the HTTP API. */
export {
  commonErrors,
  type BodyInput,
  type BodyOutput,
  type HeadersOutput,
  type Method,
  type Operation,
  type ParamsInput,
  type ParamsOutput,
  type QueryInput,
  type QueryOutput,
  type ResponseOf,
} from './operation.ts'
export { operations, type OperationId, type Operations } from './operations.ts'
export {
  acceptedView,
  eventView,
  executionStates,
  problemView,
  refusedView,
  type AcceptedView,
  type CompactedView,
  type EventView,
  type ExecutionView,
  type JobDetailView,
  type JobStateView,
  type JobView,
  type RefusedView,
} from './views.ts'
export {
  rolloutSlots,
  type PlannedView,
  type RolloutDetailView,
  type RolloutNodeView,
  type RolloutView,
} from './rollout-views.ts'
export { type EnrolBody, type TokenView } from './enrol-operations.ts'
export { connectionStates, nodeAcceptedView, type NodeAcceptedView, type NodeView } from './node-views.ts'
export { type ExplanationView } from './explain-views.ts'
export { type ExecRecord, type LogRecord, type NodeMetricsView, type ResultRecord } from './node-rpc-views.ts'
