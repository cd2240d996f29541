import { describe, expect, it } from 'vitest'
import { readFlags, USAGE } from './flags.ts'

describe('the settings of the agent', () => {
  it('come from flags, then the environment, then defaults', () => {
    const env = { DUNLIN_NATS_URL: 'nats://env:1', DUNLIN_LABELS: 'site=a,rack=1', DUNLIN_NODE_ID: 'n-env' }
    const flags = readFlags(
      ['--nats-url', 'nats://flag:2', '--label', 'site=b', '--map-path', '/var/log/app=/tmp/x/'],
      env,
    )
    expect(flags).toMatchObject({
      natsUrl: 'nats://flag:2',
      nodeId: 'n-env',
      labels: { site: 'b', rack: '1' },
      pathMap: [{ from: '/var/log/app', to: '/tmp/x' }],
      logLevel: 'info',
      stopTasksOnExit: false,
    })
    expect(readFlags([], {}).natsUrl).toBeUndefined()
  })

  it.each([
    [['--label', 'novalue'], 'NAME=VALUE'],
    [['--label', 'bad key=1'], '--label bad key'],
    [['--map-path', 'relative=/x'], 'absolute'],
    [['--unknown'], 'unknown'],
    [['--config-root', 'etc'], '--config-root etc: expected an absolute folder'],
    [['--artifact-cache-mb', '0'], 'whole number of MiB'],
  ])('%j is refused with a sentence', (args, sentence) => {
    expect(() => readFlags(args, {})).toThrow(new RegExp(sentence, 'i'))
  })

  it('are all told by --help', () => {
    for (const name of [
      'nats-url',
      'data-dir',
      'node-id',
      'name',
      'label',
      'map-path',
      'log-level',
      'exit-with-parent',
      'stop-tasks-on-exit',
      'sweep',
      'config-root',
      'artifact-root',
      'artifact-cache-mb',
      'artifact-link-local',
    ])
      expect(USAGE).toContain(`--${name} `)
  })

  it('takes a bound for the journal that leaves room for its write-ahead log', () => {
    expect(readFlags([], {}).journalBytes).toBe(64 * 1024 * 1024)
    expect(readFlags(['--journal-mb', '2'], { DUNLIN_JOURNAL_MB: '9' }).journalBytes).toBe(2 * 1024 * 1024)
    for (const text of ['1', '0', '64MB', '-3', '']) {
      expect(() => readFlags(['--journal-mb', text], {})).toThrow('--journal-mb')
    }
  })
})
