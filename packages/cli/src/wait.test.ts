import type { JobDetailView } from '@dunlin/contracts'
import { describe, expect, it } from 'vitest'
import { haltOf, settled } from './wait.ts'

const counts = { targets: 1, open: 0, healthy: 1, failed: 0, lost: 0, deferred: 0, removed: 0 }
type Status = JobDetailView['status']
const versionOf = (version: number): Status['versions'][number] => ({
  version,
  at: '',
  by: '',
  seq: version,
  spec_hash: '',
  content: `content-${version}`,
})
const running: Status = {
  version: 2,
  revision: 5,
  lifecycle: 'active',
  state: { state_type: 'running', reason: 'all_healthy', message: '', since: '2026-01-01T00:00:00.000Z' },
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
  placed: 1,
  seq: 9,
  versions: [1, 2].map(versionOf),
  placement: { evaluation: 'e', trigger: 'job_updated', version: 2, at: '', seq: 3, left_out: {} },
  rollout: { id: 'r', type: 'update', version: 2, phase: 'completed', opened_at: '', counts },
  past_rollouts: [],
}
const job = (more: Partial<Status> = {}): JobDetailView => ({
  id: 'x',
  spec: { namespace: 'default', name: 'web', type: 'process' },
  status: { ...running, ...more },
})
const state = (state_type: Status['state']['state_type']) => ({ state: { ...running.state, state_type } })
const rollout = (version: number, phase: string) => ({
  rollout: { id: 'r', type: 'update', version, phase, opened_at: '', counts },
})

const halfway: NonNullable<Status['rollout']> = {
  id: 'r',
  type: 'update',
  version: 2,
  phase: 'completed',
  opened_at: '',
  counts,
}
const canary = { hold: 'canary' as const, since: '', by: '', reason: 'canary_passed', message: '' }

describe('a job has come to rest at a version when', () => {
  it.each<[string, Partial<Status>, number | undefined]>([
    ['it runs', {}, 0],
    ['it completed', state('completed'), 0],
    ['it failed', state('failed'), 7],
    ['its rollout halted', { ...state('rollout_failed'), ...rollout(2, 'halted') }, 7],
    ['somebody applied another version', { version: 3 }, 4],
    [
      'it was rolled back',
      { version: 3, versions: [...running.versions, { ...versionOf(3), rolled_back_from: 2, rolled_back_to: 1 }] },
      7,
    ],
    ['its canaries wait for a person', { ...state('rollout_paused'), rollout: { ...halfway, holds: [canary] } }, 13],
    [
      'not: it runs the same content again, and the rollout is the one before',
      {
        versions: [1, 2].map((version) => ({ ...versionOf(version), content: 'same', rerun: version === 2 })),
        ...rollout(1, 'completed'),
      },
      undefined,
    ],
    ['somebody stopped it', { lifecycle: 'stopped' }, 4],
    ['no node took it in time', { lifecycle: 'failed', state: { ...running.state, reason: 'queue_timeout' } }, 9],
    ['it was not over in time', { lifecycle: 'failed', state: { ...running.state, reason: 'total_timeout' } }, 7],
    [
      'not: the version was not placed yet',
      { placement: { evaluation: 'e', trigger: 't', version: 1, at: '', seq: 1, left_out: {} } },
      undefined,
    ],
    ['not: the rollout is that of other content', rollout(1, 'completed'), undefined],
    ['not: the rollout runs', rollout(2, 'running'), undefined],
    ['not: the state lags behind the rollout', state('deploying'), undefined],
    ['not: no node can take it yet', { ...state('queued'), ...rollout(2, 'completed') }, undefined],
  ])('%s', (_name, more, code) => {
    expect(settled(job(more), 2)).toBe(code)
  })

  it('a change that no node sees needs no rollout of its own', () => {
    const versions = running.versions.map((one) => ({ ...one, content: 'same' }))
    expect(settled(job({ versions, ...rollout(1, 'completed') }), 2)).toBe(0)
  })
})

describe('why a version halted is found', () => {
  const halted = { ...halfway, phase: 'halted', halted: { reason: 'analysis', message: 'two of two', at: '', by: '' } }
  it('while its rollout is the present one', () => expect(haltOf(job({ rollout: halted }), 2)).toBe('two of two'))
  it('when the job has moved on', () =>
    expect(haltOf(job({ rollout: { ...halfway, version: 3 }, past_rollouts: [halted] }), 2)).toBe('two of two'))
  it('with what went wrong on the nodes', () => {
    const cause = { code: 'missing_secret', message: 'There is no db.', hint: 'Put it there.', nodes: 1 }
    const because = { ...halted, halted: { ...halted.halted, cause } }
    const why = 'two of two; cause on 1 node: missing_secret: There is no db. Put it there.'
    expect(haltOf(job({ past_rollouts: [because] }), 2)).toBe(why)
  })
  it('for that version only', () => expect(haltOf(job({ past_rollouts: [halted] }), 1)).toBeUndefined())
})
