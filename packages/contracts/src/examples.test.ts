/** Everything under examples/ must be a spec that can be applied as it stands; people copy it. */
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseJobSpec, parseYamlOrJson, resolveRolloutPolicy, type JobSpec } from './index.ts'

const folder = resolve(import.meta.dirname, '../../../examples')
const examples = readdirSync(folder).filter((name) => /\.(json|ya?ml)$/.test(name))

const specOf = (name: string): { readonly spec: JobSpec; readonly warnings: readonly unknown[] } => {
  const text = parseYamlOrJson(readFileSync(resolve(folder, name)))
  if (!text.ok) throw text.error
  const parsed = parseJobSpec(text.value, text.source)
  if (!parsed.ok) throw parsed.error
  return parsed
}

describe('examples/', () => {
  it('holds a pipeline, a process and a failure', () => {
    expect(examples).toEqual(
      expect.arrayContaining(['failing-pipeline.yaml', 'hello-process.yaml', 'log-processor.json']),
    )
  })

  it.each(examples)('%s is a valid spec without a warning', (name) => {
    expect(specOf(name).warnings).toEqual([])
  })

  it('log-processor.json is the job of the reference, word for word', () => {
    expect(specOf('log-processor.json').spec).toEqual({
      name: 'log-processor',
      namespace: 'production',
      type: 'pipeline',
      description: 'Processes application logs from edge nodes',
      priority: 50,
      labels: { env: 'production', region: 'us-west' },
      selector: { match_labels: { env: 'production' } },
      config: {
        input: { file: { paths: ['/var/log/app/*.log'] } },
        pipeline: { processors: [{ mapping: 'root = this\nroot.processed_at = now()\n' }] },
        output: { stdout: {} },
      },
      restart_policy: 'on-failure',
    })
  })

  it('failing-pipeline.yaml halts at its first failed node', () => {
    expect(resolveRolloutPolicy(specOf('failing-pipeline.yaml').spec)).toMatchObject({
      strategy: 'rolling',
      maxFailedNodes: 0,
      health: { intervalMs: 500, failureThreshold: 3 },
    })
  })
})
