/** The two versions that the demo applies: one that is right, and one that only real lines prove wrong. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../flags.ts'

interface ExampleSpec {
  readonly namespace: string
  readonly name: string
  readonly config: { readonly pipeline: object; readonly [part: string]: unknown }
  readonly [field: string]: unknown
}

export const key = { namespace: 'production', name: 'log-processor' } as const

/** Two of five nodes at a time; windows of half a second, so that nobody has to wait. */
const rollout = {
  strategy: 'rolling',
  max_parallel: 40,
  health_check: {
    interval: '500ms',
    max_error_rate: 0.1,
    success_threshold: 2,
    failure_threshold: 3,
    deadline: '30s',
  },
} as const

export const goodMapping = 'root = this\nroot.processed_at = now()\n'
/** Every line says `"duration": "41ms"`; the author of this mapping has only ever seen `"duration": 41`. */
export const badMapping = 'root = this\nroot.duration_ms = this.duration.number()\n'

/** examples/log-processor.json with a rollout block. */
export const goodSpec = (): ExampleSpec => {
  const example = JSON.parse(readFileSync(join(root, 'examples', 'log-processor.json'), 'utf8')) as ExampleSpec
  return { ...example, rollout }
}

export const badSpec = (): ExampleSpec => {
  const good = goodSpec()
  return { ...good, config: { ...good.config, pipeline: { processors: [{ mapping: badMapping }] } } }
}
