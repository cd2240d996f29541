// Functions about the message: its content, its metadata, and the error it may carry.
import { optionalText, textArg } from '../compile/args.ts'
import { optional, param, type Args } from '../compile/params.ts'
import type { FunctionSpec } from '../compile/spec.ts'
import type { Frame } from '../compile/frame.ts'
import type { Step } from '../compile/step.ts'
import { documentOf, messageBytes } from '../message.ts'
import { MappingError } from '../value/errors.ts'
import { plain } from '../value/number.ts'
import { search, splitPath } from '../value/path.ts'
import { toText } from '../value/text.ts'
import { DELETED, NOTHING, fieldOf, objectFrom, type ObjectValue, type Value } from '../value/types.ts'

export const MESSAGE: Record<string, FunctionSpec> = {
  content: { params: [], make: () => (frame) => messageBytes(frame.run.message) },
  json: {
    params: [optional('path', 'string', '')],
    make: (args) => json(textArg(args, 0)),
    label: (args) => `json path \`${textArg(args, 0)}\``,
  },
  meta: metadataOf((frame) => frame.run.message.metadata, toText),
  metadata: metadataOf(
    (frame) => frame.run.message.metadata,
    (value) => value,
  ),
  root_meta: metadataOf((frame) => frame.run.metadata, toText),
  error: { params: [], make: () => (frame) => frame.run.message.error?.message ?? null },
  errored: { params: [], make: () => (frame) => frame.run.message.error !== undefined },
  error_source_name: { params: [], make: () => (frame) => frame.run.message.error?.source ?? null },
  error_source_label: { params: [], make: () => (frame) => frame.run.message.error?.label ?? null },
  error_source_path: { params: [], make: () => (frame) => frame.run.message.error?.path ?? null },
  batch_index: { params: [], make: () => () => 0 },
  batch_size: { params: [], make: () => () => 1 },
  deleted: { params: [], make: () => () => DELETED, constant: { value: DELETED, label: 'delete' } },
  nothing: { params: [], make: () => () => NOTHING, constant: { value: NOTHING, label: 'nothing' } },
  throw: {
    params: [param('why', 'string')],
    make: (args) => () => {
      throw new MappingError(textArg(args, 0))
    },
  },
  var: {
    params: [param('name', 'string')],
    make: (args) => (frame) => {
      const value = frame.scope.variables.get(textArg(args, 0))
      if (value === undefined) throw new MappingError(`variable '${textArg(args, 0)}' undefined`)
      return value
    },
  },
}

function json(pathText: string): Step['run'] {
  const path = pathText === '' ? [] : splitPath(pathText)
  return (frame) => plain(search(documentOf(frame.run.message), path) ?? null)
}

function metadataOf(read: (frame: Frame) => ObjectValue, show: (value: Value) => Value): FunctionSpec {
  return {
    params: [optional('key', 'string', '')],
    make: (args) => {
      const key = optionalText(args, 0) ?? ''
      if (key === '') return (frame) => objectFrom(Object.entries(read(frame)).map(([k, value]) => [k, show(value)]))
      return (frame) => {
        const value = fieldOf(read(frame), key)
        return value === undefined ? null : show(value)
      }
    },
    label: metadataLabel,
  }
}

function metadataLabel(args: Args): string {
  const key = textArg(args, 0)
  return key === '' ? 'meta object' : `meta field ${key}`
}
