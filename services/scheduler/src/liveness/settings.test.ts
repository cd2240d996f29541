import { DunlinError } from '@dunlin/contracts'
import { DEFAULT_LIVENESS } from '@dunlin/domain'
import { describe, expect, it } from 'vitest'
import { livenessOf } from './settings.ts'

const defaults = { heartbeatEvery: '10s', disconnectedAfter: '45s', lostAfter: '24h' }
const wrongOf = (more: Partial<typeof defaults>): readonly (string | undefined)[] => {
  try {
    livenessOf({ ...defaults, ...more })
    return []
  } catch (error) {
    return error instanceof DunlinError ? (error.errors ?? []).map(({ path }) => path) : ['?']
  }
}

describe('the three timers', () => {
  it('are 10 s, 45 s and 24 h unless somebody says otherwise', () =>
    expect(livenessOf(defaults)).toEqual(DEFAULT_LIVENESS))
  it.each<[Partial<typeof defaults>, readonly string[]]>([
    [{ disconnectedAfter: '30s' }, []],
    [{ disconnectedAfter: '29s' }, ['--disconnected-after']],
    [{ heartbeatEvery: '20s' }, ['--disconnected-after']],
    [{ lostAfter: '45s' }, ['--lost-after']],
    [{ lostAfter: '0s' }, ['--lost-after']],
    [{ heartbeatEvery: 'often', lostAfter: '1d' }, ['--heartbeat-every', '--lost-after']],
  ])('%j: %j', (more, wrong) => expect(wrongOf(more)).toEqual(wrong))
})
