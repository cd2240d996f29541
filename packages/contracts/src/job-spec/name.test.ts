import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { encodedLength, nameProblem } from './name.ts'

describe('names', () => {
  it.each([
    'a',
    'log-processor',
    'Log_Processor.v2',
    'team/app',
    'café',
    '日志',
    'two words',
    '.hidden',
    '...',
    '%2F',
    '*',
    '>',
  ])('takes %j', (name) => {
    expect(nameProblem(name)).toBeUndefined()
  })

  it.each([
    ['', /empty/],
    ['a\0b', /printed/],
    ['a\nb', /printed/],
    ['a\u007fb', /printed/],
    ['a\u200bb', /printed/],
    ['a\u2028b', /printed/],
    ['a\ufeff', /printed/],
    ['\u202eevil', /printed/],
    ['a\ud800', /surrogate/],
    ['\udc00a', /surrogate/],
    [' a', /white space/],
    ['a ', /white space/],
    ['a\u00a0b', /white space/],
    ['cafe\u0301', /normal form/],
    ['.', /"\."/],
    ['..', /"\."/],
    ['a'.repeat(300), /too long/],
    ['é'.repeat(34), /too long/],
  ])('refuses %j', (name, why) => {
    expect(nameProblem(name)).toMatch(why)
  })

  test.prop([fc.string({ unit: 'binary' })])('whatever is taken comes back from a URL and from UTF-8', (name) => {
    if (nameProblem(name) !== undefined) return
    const url = new URL(`http://localhost/api/v1/jobs/${encodeURIComponent(name)}/x`)
    expect(decodeURIComponent(url.pathname.split('/')[4] ?? '')).toBe(name)
    expect(new TextDecoder().decode(new TextEncoder().encode(name))).toBe(name)
  })

  test.prop([fc.string({ unit: 'grapheme' })])('counts three characters for every byte that is not plain', (name) => {
    const encoded = [...new TextEncoder().encode(name)]
      .map((byte) => String.fromCharCode(byte))
      .map((char) => (/[A-Za-z0-9_-]/.test(char) ? char : '=XX'))
    expect(encodedLength(name)).toBe(encoded.join('').length)
  })
})
