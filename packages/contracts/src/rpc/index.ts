/** What nodes answer on `rpc.<node>.<method>`, in one part or in many. */
export { readFrame, writeFrame, type Frame } from './frame.ts'
export {
  ALIVE_EVERY_MS,
  MORE,
  MORE_EVERY_MS,
  moreSchema,
  MOST_ITEM_BYTES,
  SILENT_AFTER_MS,
  streamHeadSchema,
  type More,
  type StreamHead,
} from './stream.ts'
export {
  logItemSchema,
  logsQuestionSchema,
  outputStreams,
  type LogItem,
  type LogsQuestion,
  type OutputStream,
} from './logs.ts'
export {
  execEndSchema,
  execItemSchema,
  execQuestionSchema,
  LONGEST_EXEC_MS,
  MOST_EXEC_INPUT_BYTES,
  type ExecEnd,
  type ExecQuestion,
} from './exec.ts'
export { metricsAnswerSchema, type MetricsAnswer } from './metrics.ts'
export { resultItemSchema, resultsQuestionSchema, type ResultItem } from './results.ts'
