/** Configs of config and update jobs, as people write them wrong. */
import { describe, expect, it } from 'vitest'
import { parseJobSpec } from '../job-spec/parse.ts'

const pathsOf = (type: string, config: object): string[] => {
  const parsed = parseJobSpec({ name: 'x', type, config })
  return parsed.ok ? [] : (parsed.error.toProblem().errors ?? []).map(({ path = '' }) => path)
}
const artifact = { source: 'https://files.example.org/a', sha256: 'a'.repeat(64) }

describe('a config job', () => {
  const file = { path: '/etc/a', content: '' }
  const command = { command: 'true' }
  const of = (more: object): string[] => pathsOf('config', { files: [file], ...more })

  it.each([
    {},
    { files: [{ path: '/etc/a', artifact, mode: '0640', owner: 'www-data', group: '33' }] },
    {
      validate: { ...command, timeout: '1s' },
      reload: command,
      on_drift: 'report',
      check_every: '1m',
      on_remove: 'restore',
    },
    { reload: { signal: 'SIGHUP', pid_file: '/run/a.pid' } },
  ])('takes %j', (more) => expect(of(more)).toEqual([]))

  it.each([
    [{ files: [] }, 'config.files'],
    [{ files: [file, file] }, 'config.files'],
    [{ files: [{ path: '/etc/a' }] }, 'config.files[0]'],
    [{ files: [{ ...file, artifact }] }, 'config.files[0]'],
    [{ files: [{ ...file, path: '/etc/../shadow' }] }, 'config.files[0].path'],
    [{ files: [{ ...file, path: '/etc/' }] }, 'config.files[0].path'],
    [{ files: [{ ...file, mode: '4755' }] }, 'config.files[0].mode'],
    [{ files: [{ ...file, owner: '-1' }] }, 'config.files[0].owner'],
    [{ reload: {} }, 'config.reload'],
    [{ reload: { signal: 'SIGHUP' } }, 'config.reload.pid_file'],
    [{ reload: { signal: 'SIGHUP', pid_file: '/run/a', args: [] } }, 'config.reload.command'],
    [{ check_every: '10ms' }, 'config.check_every'],
    [{ on_drift: 'fix' }, 'config.on_drift'],
  ])('refuses %j at its place', (more, path) => expect(of(more)).toEqual([path]))
})

describe('an update job', () => {
  const of = (more: object): string[] => pathsOf('update', { target: 'tool', version: '1.0.0', ...more })

  it.each([
    { artifact },
    { files: [{ ...artifact, path: 'bin/tool', mode: '755' }], apply: { command: 'x' }, restart: { command: 'x' } },
    { target: 'agent', artifact, check: { command: 'x' }, healthy_within: '30s', allow_downgrade: true },
  ])('takes %j', (more) => expect(of(more)).toEqual([]))

  it.each([
    [{}, 'config.artifact'],
    [{ artifact, files: [{ ...artifact, path: 'a' }] }, 'config.artifact'],
    [{ files: [{ ...artifact, path: '../a' }] }, 'config.files[0].path'],
    [{ files: [1, 2].map(() => ({ ...artifact, path: 'a' })) }, 'config.files'],
    [{ artifact, target: '../x' }, 'config.target'],
    [{ artifact, target: 'agent', restart: { command: 'x' } }, 'config.target'],
    [{ artifact, version: '..' }, 'config.version'],
    [{ artifact, version: 'a b' }, 'config.version'],
    [{ artifact, healthy_within: '2h' }, 'config.healthy_within'],
    [{ artifact: { ...artifact, sha256: 'A'.repeat(64) } }, 'config.artifact.sha256'],
    [{ artifact: { ...artifact, source: 'ftp://x/y' } }, 'config.artifact.source'],
    [{ artifact: { ...artifact, source: 'https://user:secret@x/y' } }, 'config.artifact.source'],
  ])('refuses %j at its place', (more, path) => expect(of(more)).toEqual([path]))
})
