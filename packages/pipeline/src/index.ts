/** The pipeline language and engine: lint a configuration, compile a mapping, run a pipeline. */
export { parsePipelineConfig, type PipelineParseResult, type PipelineWarning } from './config/parse.ts'
export type { ComponentConfig, PipelineConfig } from './config/model.ts'
export type { PipelineProblem, ProblemCode } from './lint/problem.ts'
export {
  compileMapping,
  executeMapping,
  type CompileResult,
  type Mapping,
  type MappingOutcome,
} from './mapping/compile/mapping.ts'
export type { MappingPorts } from './mapping/compile/frame.ts'
export { MappingSyntaxError } from './mapping/lex/source.ts'
export { messageBytes, messageOf, messageText, type Message, type MessageError } from './mapping/message.ts'
export { startPipeline, type RunningPipeline } from './flow/start.ts'
export type { PipelineCounters, PipelineEnd } from './flow/counters.ts'
export type { LogLevel, PipelinePorts, StatePort, TextSink } from './components/types.ts'
