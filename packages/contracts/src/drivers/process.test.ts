import { describe, expect, it } from 'vitest'
import { parseJobSpec } from '../job-spec/parse.ts'

const problems = (config: object) => {
  const parsed = parseJobSpec({ name: 'a', type: 'process', config: { command: 'x', ...config } })
  return parsed.ok ? [] : (parsed.error.toProblem().errors ?? [])
}
const pathsOf = (config: object): string[] => problems(config).map(({ path }) => path ?? '')
const artifact = { source: 'https://a/b.bin', sha256: 'a'.repeat(64) }

describe('the config of a process', () => {
  it('takes everything that there is', () => {
    const config = {
      args: ['a'],
      env: { A: 'b' },
      cwd: '/',
      user: 'nobody',
      group: '65534',
      umask: '0027',
      files: [
        { path: 'etc/app.conf', content: 'x', mode: '0640' },
        { path: 'b', template: '{{ node.id }}' },
        { path: 'c', artifact },
      ],
      artifacts: [{ ...artifact, destination: 'bin/app', mode: '755' }],
      rlimits: { nofile: 100, core: 'unlimited' },
      stop_signal: 'SIGINT',
      stop_grace: '30s',
      logs: { max_file_size: '1MiB', max_files: 2 },
      pre_start: [{ command: 'true', timeout: '5s' }],
      pre_stop: [{ command: 'true' }],
      post_stop: [{ command: 'true', args: ['x'] }],
    }
    expect(problems(config)).toEqual([])
  })

  it.each([
    [{ files: [{ path: '/etc/passwd', content: '' }] }, 'config.files[0].path'],
    [{ files: [{ path: '../x', content: '' }] }, 'config.files[0].path'],
    [{ files: [{ path: 'a/./b', content: '' }] }, 'config.files[0].path'],
    [{ files: [{ path: 'a' }] }, 'config.files[0]'],
    [{ files: [{ path: 'a', content: '', template: '' }] }, 'config.files[0]'],
    [{ files: [{ path: 'a', content: '', mode: 644 }] }, 'config.files[0].mode'],
    [{ artifacts: [{ ...artifact, destination: '/bin/x' }] }, 'config.artifacts[0].destination'],
    [{ rlimits: { nofile: -1 } }, 'config.rlimits.nofile'],
    [{ stop_signal: 'SIGSTOP' }, 'config.stop_signal'],
    [{ stop_grace: 'soon' }, 'config.stop_grace'],
    [{ umask: '9' }, 'config.umask'],
    [{ user: 'a b' }, 'config.user'],
    [{ logs: { max_file_size: 1 } }, 'config.logs.max_file_size'],
    [{ env: { DUNLIN_EXECUTION: 'x' } }, 'config.env.DUNLIN_EXECUTION'],
    [{ pre_start: [{ command: '' }] }, 'config.pre_start[0].command'],
  ])('refuses %j', (config, path) => expect(pathsOf(config)).toEqual([path]))

  it.each([
    [{ pre_stat: [] }, 'Did you mean "pre_start"?'],
    [{ logs: { max_file: 1 } }, 'Did you mean "max_files"?'],
    [{ pre_start: [{ comand: 'x' }] }, 'Did you mean "command"?'],
    [{ stop_signal: 'SIGTREM' }, 'Did you mean "SIGTERM"?'],
  ])('names what was meant by %j', (config, hint) => expect(problems(config).map((one) => one.hint)).toContain(hint))
})
