// Makes a component out of its schema and its maker, with the settings typed in between.
import { z } from 'zod'
import type { PipelineProblem } from '../lint/problem.ts'
import type { ComponentContext, ComponentSpec } from './types.ts'

interface Definition<Schema extends z.ZodType, Made> {
  readonly schema: Schema
  readonly check?: (settings: z.output<Schema>, path: string) => readonly PipelineProblem[]
  readonly create: (settings: z.output<Schema>, context: ComponentContext) => Made
}

export function defineComponent<Schema extends z.ZodType, Made>(
  definition: Definition<Schema, Made>,
): ComponentSpec<Made> {
  const { schema, check } = definition
  return {
    schema,
    fields: (at) => fieldsAt(schema, at),
    // The settings have just come out of this very schema.
    ...(check && { check: (settings, path) => check(settings as z.output<Schema>, path) }),
    create: (settings, context) => definition.create(settings as z.output<Schema>, context),
  }
}

function fieldsAt(schema: z.ZodType, at: readonly PropertyKey[]): readonly string[] {
  let current: unknown = schema
  for (const field of at) current = shapeOf(current)?.[String(field)]
  return Object.keys(shapeOf(current) ?? {})
}

function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  let current = schema
  while (current instanceof z.ZodOptional || current instanceof z.ZodDefault || current instanceof z.ZodPrefault) {
    current = current.unwrap()
  }
  return current instanceof z.ZodObject ? current.shape : undefined
}
