import { DunlinError } from '@dunlin/contracts/agent'
import { describe, expect, it } from 'vitest'
import {
  choiceSetting,
  helpText,
  integerSetting,
  optionalPortSetting,
  portSetting,
  readConfig,
  redacted,
  switchSetting,
  textSetting,
} from './config.ts'

const settings = {
  natsUrl: textSetting('server', 'nats://127.0.0.1:4222'),
  port: portSetting('port', 7420),
  healthPort: optionalPortSetting('health'),
  workers: integerSetting('how many', 2, 1, 8),
  level: choiceSetting('level', ['low', 'high'], 'low'),
  exitWithParent: switchSetting('end with parent'),
  token: textSetting('token', 'none', { secret: true }),
}

const failure = (run: () => unknown): DunlinError => {
  try {
    run()
  } catch (error) {
    if (error instanceof DunlinError) return error
  }
  throw new Error('expected a DunlinError')
}

describe('readConfig', () => {
  it('takes flags before environment before defaults', () => {
    const env = { DUNLIN_PORT: '1000', DUNLIN_WORKERS: '3', DUNLIN_LEVEL: 'high' }
    const config = readConfig(settings, ['--port', '0', '--exit-with-parent'], env)
    expect(config).toEqual({
      natsUrl: 'nats://127.0.0.1:4222',
      port: 0,
      healthPort: undefined,
      workers: 3,
      level: 'high',
      exitWithParent: true,
      token: 'none',
    })
  })

  it('names every wrong setting at once, by the source it came from, and shows no secret', () => {
    const strict = { ...settings, name: textSetting('name') }
    const error = failure(() => readConfig(strict, ['--port', '65536'], { DUNLIN_WORKERS: 'many', DUNLIN_TOKEN: '' }))
    expect(error.errors?.map((e) => e.path)).toEqual(['--port', 'DUNLIN_WORKERS', 'DUNLIN_TOKEN', '--name'])
    expect(error.errors?.[2]?.message).toContain('***')
  })

  it('refuses an unknown flag with the known ones as hint', () => {
    const error = failure(() => readConfig(settings, ['--prot', '1'], {}))
    expect(error.code).toBe('invalid_request')
    expect(error.hint).toContain('--port')
  })

  it('prints no secret and no credential of a URL', () => {
    const config = readConfig(settings, ['--nats-url', 'nats://bob:hunter2@host:4222', '--token', 'abc'], {})
    const shown = JSON.stringify(redacted(settings, config))
    expect(shown).not.toMatch(/hunter2|abc/)
    expect(shown).toContain('nats://***@host:4222')
  })

  it('explains every flag in its help', () => {
    const help = helpText('x', settings)
    for (const flag of ['--nats-url', '--health-port', 'DUNLIN_EXIT_WITH_PARENT']) expect(help).toContain(flag)
  })
})
