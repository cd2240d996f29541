import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { contentSchema } from '../desired/content.ts'
import type { Sha256 } from '../ids.ts'
import { contentHash, contentOf, rollBackSpec, specHash } from './content.ts'
import { schedulingClass, type ClassFacts, type JobType, type SchedulingClass } from './job-type.ts'
import { validateJobSpec } from './parse.ts'

const sha256 = (text: string): Sha256 => createHash('sha256').update(text).digest('hex') as Sha256
const base = { name: 'a', type: 'process', config: { command: '/bin/true', args: ['1'] } }
const specOf = (more: object) => {
  const parsed = validateJobSpec({ ...base, ...more })
  if (!parsed.ok) throw parsed.error
  return parsed.spec
}

describe('the content of a spec', () => {
  it('is what a node acts on', () => {
    const content = contentOf(specOf({ timeouts: { execution_timeout: '90s' }, resources: { memory: '1KiB' } }))
    expect(content).toEqual({
      type: 'process',
      config: base.config,
      restartPolicy: 'on-failure',
      executionTimeoutMs: 90_000,
      resources: { memory: 1024 },
    })
    expect(contentSchema.parse(content)).toEqual(content)
  })

  it.each([
    { name: 'b' },
    { namespace: 'b' },
    { labels: { a: 'b' } },
    { meta: { a: 'b' } },
    { description: 'b' },
    { priority: 1 },
    { selector: { match_labels: { a: 'b' } } },
    { placement: { count: 2 } },
    { rollout: { max_parallel: 50 } },
  ])('does not change with %j, but the spec does', (more) => {
    expect(contentHash(specOf(more), sha256)).toBe(contentHash(specOf({}), sha256))
    expect(specHash(specOf(more), sha256)).not.toBe(specHash(specOf({}), sha256))
  })

  it.each([
    { config: { command: '/bin/true', args: ['2'] } },
    { restart_policy: 'never' },
    { timeouts: { execution_timeout: 1 } },
    { health: { liveness: { tcp: { port: 1 } } } },
    { resources: { cpus: 1 } },
    { secret_providers: { f: { provider: 'file' } } },
  ])('changes with %j', (more) => {
    expect(contentHash(specOf(more), sha256)).not.toBe(contentHash(specOf({}), sha256))
  })

  it('has one hash however the keys were ordered and durations written', () => {
    const one = specOf({ labels: { a: '1', b: '2' }, timeouts: { total_timeout: 60 } })
    const other = specOf({ timeouts: { total_timeout: '1m' }, labels: { b: '2', a: '1' } })
    expect(specHash(one, sha256)).toBe(specHash(other, sha256))
  })
})

describe('going back to an old spec', () => {
  const old = specOf({
    config: { command: '/bin/old' },
    restart_policy: 'never',
    timeouts: { execution_timeout: '90s', total_timeout: '1h' },
    labels: { team: 'a' },
    rollout: { max_parallel: 50 },
  })
  const present = specOf({
    resources: { cpus: 1 },
    timeouts: { execution_timeout: '5s', queue_timeout: '2h' },
    labels: { team: 'b' },
    selector: { match_labels: { ring: '1' } },
  })

  it('takes what nodes act on from the old one, and everything else from the present one', () => {
    const back = validateJobSpec(rollBackSpec(present, old))
    if (!back.ok) throw back.error
    expect(contentHash(back.spec, sha256)).toBe(contentHash(old, sha256))
    expect(back.spec).toEqual({
      ...specOf({ config: { command: '/bin/old' }, restart_policy: 'never' }),
      timeouts: { execution_timeout: '1m30s', queue_timeout: '2h' },
      labels: { team: 'b' },
      selector: { match_labels: { ring: '1' } },
    })
  })

  it('leaves no field behind that the old spec had not', () => {
    const back = rollBackSpec(specOf({ resources: { cpus: 1 }, timeouts: { execution_timeout: '5s' } }), specOf({}))
    expect(Object.keys(back)).not.toContain('resources')
    expect(Object.keys(back)).not.toContain('timeouts')
  })
})

describe('the scheduling class', () => {
  const cases: readonly (readonly [JobType, Omit<ClassFacts, 'type'>, SchedulingClass])[] = [
    ['pipeline', {}, 'daemon'],
    ['config', {}, 'daemon'],
    ['process', {}, 'daemon'],
    ['container', { restart_policy: 'always' }, 'daemon'],
    ['query', {}, 'batch'],
    ['update', { restart_policy: 'always' }, 'batch'],
    ['process', { restart_policy: 'never' }, 'batch'],
    ['process', { placement: { completions: 3 } }, 'batch'],
    ['process', { placement: {} }, 'daemon'],
  ]
  it.each(cases)('of %s with %j is %s', (type, more, expected) => {
    expect(schedulingClass({ type, ...more })).toBe(expected)
  })
})

describe('a rollback of a spec', () => {
  const present = specOf({
    config: { command: '/bin/false' },
    labels: { team: 'b' },
    resources: { memory: '1KiB' },
    timeouts: { execution_timeout: '90s', queue_timeout: '1h' },
    rollout: { max_parallel: 50 },
  })
  const old = specOf({ labels: { team: 'a' }, restart_policy: 'never', timeouts: { execution_timeout: '10s' } })
  const rolledBack = rollBackSpec({ ...present }, { ...old })

  it('takes what nodes act on from the old spec: its content hash is the old one', () =>
    expect(contentHash(specOf(rolledBack), sha256)).toBe(contentHash(old, sha256)))

  it('keeps everything else as it is now', () =>
    expect(rolledBack).toMatchObject({
      labels: { team: 'b' },
      rollout: { max_parallel: 50 },
      timeouts: { execution_timeout: '10s', queue_timeout: '1h' },
    }))

  it('leaves out what the old spec did not have', () => expect(rolledBack).not.toHaveProperty('resources'))
})
