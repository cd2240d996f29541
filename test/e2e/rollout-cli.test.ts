/** Rollouts as a person sees and steers them: the real command against the real system. */
import type { ExplanationView, PlannedView, RolloutDetailView } from '@dunlin/contracts'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runDunlin } from './run-dunlin.ts'
import { sleeper, startSystem, type System } from './system.ts'

let system: System
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dunlin-rollout-cli-'))
  system = await startSystem({ nodes: 4 })
})
afterAll(async () => {
  await system.stop()
  rmSync(folder, { recursive: true, force: true })
})

const dunlin = (...args: readonly string[]) => runDunlin(args, { server: system.url })
const json = async <T>(...args: readonly string[]): Promise<T> =>
  JSON.parse((await dunlin(...args, '-o', 'json')).out) as T

const rollout = {
  max_parallel: 50,
  health_check: { interval: '200ms', success_threshold: 2, failure_threshold: 2, deadline: '60s' },
}
const file = (name: string, more: Readonly<Record<string, unknown>>): string => {
  const path = join(folder, `${name}.json`)
  writeFileSync(path, JSON.stringify(sleeper('web', { rollout, ...more })))
  return path
}
interface Logged {
  readonly events: readonly (Readonly<Record<string, unknown>> & { readonly type: string })[]
}
/** The last event of a type in the log of the job. */
const lastOf = async (type: string) => {
  const { out } = await dunlin('events', '--since', '0', '--job', 'web', '-o', 'json')
  const all = out
    .trimEnd()
    .split('\n')
    .flatMap((line) => (JSON.parse(line) as Logged).events)
  return all.findLast((event) => event.type === type)
}
const sh = (script: string) => ({ config: { command: '/bin/sh', args: ['-c', script] } })

describe('a rollout on real nodes', () => {
  it('runs exactly as it was planned', async () => {
    const path = file('first', {})
    const plan = await json<PlannedView>('plan', path)
    expect(plan).toMatchObject({ action: 'create', placement: { placed: 4 }, rollout: { targets: 4, budget: 2 } })
    expect(await dunlin('apply', '-f', path, '--wait', '--timeout', '60')).toMatchObject({ code: 0 })
    expect(await lastOf('RolloutOpened')).toMatchObject({ seed: plan.rollout?.seed })
    expect(await lastOf('PlanCompleted')).toMatchObject({
      hash: plan.rollout?.hash,
      waves: plan.rollout?.waves.map(({ nodes }) => nodes),
      budget: plan.rollout?.budget,
    })
    expect(await lastOf('PlanDrawn')).toMatchObject({ targets: plan.rollout?.first })
    const watched = await dunlin('rollout', 'get', 'web', '-w')
    expect([watched.code, watched.out]).toEqual([0, expect.stringContaining('completed')])
  })

  it('with a canary waits to be promoted, and goes on when it is', async () => {
    const path = file('canary', {
      ...sh('while :; do sleep 2; done'),
      rollout: { ...rollout, strategy: 'canary' },
    })
    await dunlin('apply', '-f', path)
    const held = await dunlin('rollout', 'get', 'web', '-w', '--until-held')
    expect([held.code, held.out]).toEqual([13, expect.stringContaining('held (canary)')])
    const shown = await json<RolloutDetailView>('rollout', 'get', 'web')
    expect(shown).toMatchObject({
      version: 2,
      counts: { healthy: 1 },
      waves: [{ canary: true, state: 'passed' }, {}, {}],
    })
    const promoted = await dunlin('rollout', 'promote', 'web', '--reason', 'looks good', '--wait', '--timeout', '60')
    expect([promoted.code, promoted.out]).toEqual([0, expect.stringContaining('completed')])
  })

  it('that is broken halts and rolls back, and every decision can be explained', async () => {
    const applied = await dunlin(
      'apply',
      '-f',
      file('broken', { ...sh('exit 7'), restart_policy: 'never' }),
      '--wait',
      '--timeout',
      '60',
    )
    expect(applied.code).toBe(7)
    const back = await dunlin('rollout', 'get', 'web', '-w')
    expect([back.code, back.out]).toEqual([0, expect.stringContaining('rollback to version 4; completed')])
    const job = await system.client.jobs.get({ namespace: 'default', name: 'web' })
    expect(job.status.versions.at(-1)).toMatchObject({ version: 4, rolled_back_from: 3, rolled_back_to: 2 })
    const halted = job.status.past_rollouts.find(({ version }) => version === 3)
    const story = await json<ExplanationView>('explain', 'rollout', 'web', '--rollout', halted?.id ?? '')
    expect(story.message).toContain('is over: halted')
    expect(story.checked).toMatchObject({ disagree: 0 })
    expect(story.decisions.find(({ event }) => event === 'RolloutHalted')?.checks).toMatchObject([{ is: 'agrees' }])
    const whole = await json<ExplanationView>('explain', 'job', 'web', '--since', '0')
    expect(whole.checked.disagree).toBe(0)
    expect(whole.checked.agree).toBeGreaterThanOrEqual(8)
    const node = await dunlin('explain', 'node', 'edge-1')
    expect([node.code, node.out]).toEqual([0, expect.stringContaining('the node is connected')])
  })
})
