// All functions the engine has, and the names it knows but does not have yet.
import type { FunctionSpec } from '../compile/spec.ts'
import { GENERATE } from './generate.ts'
import { MESSAGE } from './message.ts'

export const FUNCTIONS: ReadonlyMap<string, FunctionSpec> = new Map(
  [MESSAGE, GENERATE].flatMap((group) => Object.entries(group)),
)

const KNOWN = `
  batch_index batch_size count counter error_source_label error_source_name error_source_path fake file file_rel
  hostname ksuid nanoid snowflake_id tracing_id tracing_span ulid uuid_v7 var random_int bytes pi root_meta
`

export const UNSUPPORTED_FUNCTIONS: ReadonlySet<string> = new Set(
  KNOWN.trim()
    .split(/\s+/)
    .filter((name) => !FUNCTIONS.has(name)),
)
