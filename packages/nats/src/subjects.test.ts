import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { parseJobKeyText } from '@dunlin/contracts'
import {
  checkJobKey,
  commandSubject,
  commandToken,
  heartbeatShard,
  heartbeatSubject,
  jobSubject,
  MAX_JOB_KEY_LENGTH,
  MAX_SUBJECT_LENGTH,
  nodeSubject,
  outcomeSubject,
  parseCommandSubject,
  parseHeartbeatSubject,
  parseLogSubject,
  reportSubject,
} from './subjects.ts'
import { decodeToken, encodeToken, tokenLength } from './token.ts'

const name = fc.oneof(
  fc.string({ minLength: 1, unit: 'grapheme' }),
  fc.string({ minLength: 1, unit: 'binary' }).filter((s) => s.isWellFormed()),
  fc.stringMatching(/^[a-z0-9./-]{1,40}$/),
)
const key = fc
  .record({ namespace: name, name })
  .filter((k) => tokenLength(k.namespace) + tokenLength(k.name) <= MAX_JOB_KEY_LENGTH)

describe('names in subjects', () => {
  test.prop([name])('a token gives back its name', (n) => {
    expect(decodeToken(encodeToken(n))).toBe(n)
  })
  test.prop([name])('a token holds only safe characters and has the stated length', (n) => {
    expect(encodeToken(n)).toMatch(/^[A-Za-z0-9_=-]+$/)
    expect(encodeToken(n).length).toBe(tokenLength(n))
  })
  test.prop([fc.stringMatching(/^[A-Za-z0-9_=-]{1,12}$/)])('what decodes, encodes to the same token', (token) => {
    const decoded = decodeToken(token)
    if (decoded !== undefined) expect(encodeToken(decoded)).toBe(token)
  })
  test.each(['', '=', '=4', '=41', '=2e', '=FF', '=C3', 'a.b', 'ä', '=ED=A0=80', '=C0=AE'])(
    'the spelling %j belongs to no name',
    (token) => {
      expect(decodeToken(token)).toBeUndefined()
    },
  )
  test('a dot, a slash and a letter beyond ASCII', () => {
    expect(encodeToken('web/a.b ü')).toBe('web=2Fa=2Eb=20=C3=BC')
  })
  test.each(['', '\ud800'])('%j has no token', (bad) => {
    expect(() => encodeToken(bad)).toThrowError(expect.objectContaining({ code: 'invalid_subject' }))
  })
})

describe('subjects', () => {
  test.prop([key])('a job is found again by its subject', (k) => {
    const parsed = parseLogSubject(jobSubject(k))
    expect(parsed?.kind).toBe('job')
    expect(parseJobKeyText(parsed?.key ?? '')).toEqual(k)
  })
  test.prop([key, fc.constantFrom('apply', 'stop', 'a-verb-of-16-chr')])('a command too, and it fits', (k, verb) => {
    const subject = commandSubject(k, verb)
    expect(parseCommandSubject(subject)).toEqual({ kind: 'job', key: k, verb })
    expect(subject.length).toBeLessThanOrEqual(MAX_SUBJECT_LENGTH)
  })
  test.prop([key, key])('two jobs never share a subject', (a, b) => {
    expect(jobSubject(a) === jobSubject(b)).toBe(a.namespace === b.namespace && a.name === b.name)
  })
  test('nodes, reports and the log', () => {
    expect(parseLogSubject(nodeSubject('n-1'))).toEqual({ kind: 'node', key: 'n-1' })
    expect(parseLogSubject(reportSubject('n-1'))).toEqual({ kind: 'report', key: 'n-1' })
    expect(parseLogSubject('evt.log')).toEqual({ kind: 'log', key: 'log' })
  })
  test.each(['evt.job.a', 'evt.job.a.b.c', 'evt.node.', 'evt.node.a.b', 'evt.job.=61.b', 'evt.other.x', 'x', ''])(
    '%j belongs to no aggregate',
    (subject) => {
      expect(parseLogSubject(subject)).toBeUndefined()
    },
  )
  test.each(['cmd.job.a.apply', 'cmd.job.a.b.c.apply', 'cmd.job.a.b.', 'cmd.x.a.b', 'cmd.job.=61.b.apply'])(
    '%j is no command',
    (subject) => {
      expect(parseCommandSubject(subject)).toBeUndefined()
    },
  )
  test('a name of 300 bytes is refused with the measure', () => {
    const long = { namespace: 'default', name: 'x'.repeat(300) }
    expect(checkJobKey(long)).toContain('307')
    expect(() => jobSubject(long)).toThrowError(expect.objectContaining({ code: 'invalid_subject' }))
    expect(parseCommandSubject(`cmd.job.default.${long.name}.apply`)).toBeUndefined()
  })
  test('empty names are refused', () => {
    expect(() => jobSubject({ namespace: '', name: 'a' })).toThrowError(
      expect.objectContaining({ code: 'invalid_subject' }),
    )
  })
  test.prop([fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)])('a heartbeat names its node and a shard of 64', (id) => {
    expect(parseHeartbeatSubject(heartbeatSubject(id))).toBe(id)
    expect(heartbeatShard(id)).toBeLessThan(64)
  })
  test.prop([fc.stringMatching(/^[\x21-\x7e]{1,200}$/), fc.stringMatching(/^[\x21-\x7e]{1,200}$/)])(
    'every command id has a subject of its own that fits',
    (a, b) => {
      expect(outcomeSubject(a).length).toBeLessThanOrEqual(MAX_SUBJECT_LENGTH)
      expect(commandToken(a) === commandToken(b)).toBe(a === b)
    },
  )
})
