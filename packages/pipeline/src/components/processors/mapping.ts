// The `mapping` processor: a new document out of every message. What fails on a message flags it; it goes on unchanged.
import { z } from 'zod'
import { problem, type PipelineProblem } from '../../lint/problem.ts'
import { compileMapping, executeMapping, type Mapping } from '../../mapping/compile/mapping.ts'
import { flagged } from '../../mapping/message.ts'
import { environmentReference } from '../../config/interpolate.ts'
import { defineComponent } from '../define.ts'
import type { ComponentSpec, Processor } from '../types.ts'

export const mappingProcessor: ComponentSpec<Processor> = defineComponent({
  schema: z.string(),
  check(source, path) {
    const reference = environmentReference(source)
    if (reference !== undefined) {
      const hint = `write env("${reference}") in the mapping instead`
      return [problem('unsupported_interpolation', path, `\${${reference}} is not replaced inside a mapping`, hint)]
    }
    const compiled = compileMapping(source)
    return compiled.ok ? [] : [refusal(path, compiled.error)]
  },
  create(source, { ports, label, path }) {
    const mapping = compiled(source)
    return (message) => {
      const outcome = executeMapping(mapping, message, ports)
      switch (outcome.kind) {
        case 'mapped':
          return [outcome.message]
        case 'deleted':
          return []
        case 'failed':
          return [flagged(message, { message: outcome.error, source: 'mapping', label, path })]
      }
    }
  },
})

function refusal(
  path: string,
  error: { message: string; line: number; column: number; unsupported: boolean; hint: string | undefined },
): PipelineProblem {
  const code = error.unsupported ? 'mapping_unsupported' : 'mapping_parse'
  return { ...problem(code, path, error.message, error.hint), line: error.line, column: error.column }
}

function compiled(source: string): Mapping {
  const result = compileMapping(source)
  if (!result.ok) throw result.error
  return result.mapping
}
