import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { jobSpecSchema } from './spec.ts'

type Node = { readonly properties?: Record<string, Node>; readonly additionalProperties?: unknown }

describe('the schema of the spec', () => {
  it.each(['input', 'output'] as const)('can be told as JSON Schema (%s), strict and with every block', (io) => {
    const { $defs } = z.toJSONSchema(jobSpecSchema, { io }) as { readonly $defs?: { readonly JobSpec?: Node } }
    const schema = $defs?.JobSpec ?? {}
    expect(schema.additionalProperties).toBe(false)
    expect(Object.keys(schema.properties ?? {}).toSorted()).toEqual([
      'config',
      'deployment',
      'description',
      'health',
      'labels',
      'meta',
      'name',
      'namespace',
      'parameters',
      'placement',
      'priority',
      'resources',
      'restart_policy',
      'rollout',
      'schedule',
      'secret_providers',
      'secrets',
      'selector',
      'timeouts',
      'type',
    ])
    for (const block of [
      'selector',
      'rollout',
      'timeouts',
      'placement',
      'schedule',
      'parameters',
      'health',
      'resources',
    ])
      expect(schema.properties?.[block]?.additionalProperties).toBe(false)
    const { rollout } = schema.properties ?? {}
    for (const share of ['max_parallel', 'canary_percent', 'max_failed_nodes_percent'])
      expect(rollout?.properties?.[share]).toMatchObject({ type: 'number', minimum: 0, maximum: 100 })
  })
})
