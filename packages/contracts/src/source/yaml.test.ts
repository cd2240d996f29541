import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { parseYamlStrict } from './yaml.ts'

const valueOf = (text: string): unknown => {
  const read = parseYamlStrict(text)
  if (!read.ok) throw read.error
  return read.value
}
const faultsOf = (text: string) => {
  const read = parseYamlStrict(text)
  if (read.ok) throw new Error(`it was read: ${JSON.stringify(read.value)}`)
  expect(read.error.code).toBe('malformed_body')
  return read.error.errors ?? []
}

const keepable = fc
  .json({ maxDepth: 6, stringUnit: 'grapheme' })
  .filter((text) => !text.includes('__proto__') && !text.includes('"<<"') && !/e\+|\d{16}/.test(text))
  .map((text): unknown => JSON.parse(text))
  // JSON writes -0 as 0, YAML does not.
  .map((value): unknown => JSON.parse(JSON.stringify(value)))

describe('strict YAML', () => {
  test.prop([keepable])('reads back what a YAML writer wrote', (value) => {
    expect(valueOf(stringify(value))).toEqual(value)
  })

  test.prop([keepable])('reads JSON as YAML', (value) => {
    expect(valueOf(JSON.stringify(value))).toEqual(value)
  })

  test.prop([
    fc.string({ unit: fc.constantFrom('a', ':', ' ', '-', '\n', '[', ']', '{', '}', '&', '*', '!', '"', '?', '|') }),
  ])('answers any text with a value or an error, and never throws', (text) => {
    const read = parseYamlStrict(text)
    expect(read.ok || read.error.code === 'malformed_body').toBe(true)
  })

  it('follows YAML 1.2: yes, on and dates are text, 0o14 is 12', () => {
    expect(valueOf('a: yes\nb: on\nc: 2020-01-01\nd: 0o14\ne: ~\nf: True')).toEqual({
      a: 'yes',
      b: 'on',
      c: '2020-01-01',
      d: 12,
      e: null,
      f: true,
    })
  })

  it('reads anchors and aliases, and standard tags', () => {
    expect(valueOf('a: &x {b: 1}\nc: *x\nd: !!str 1')).toEqual({ a: { b: 1 }, c: { b: 1 }, d: '1' })
  })

  it('reads an empty text as null', () => {
    expect(valueOf('')).toBeNull()
    expect(valueOf('# nothing\n')).toBeNull()
  })

  it('refuses an alias bomb quickly', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let level = 1; level < 12; level++)
      lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`)
    expect(faultsOf(lines.join('\n'))).toMatchObject([{ code: 'alias' }])
  })

  it.each([
    ['a: &a [*a]', 'alias', { line: 1, column: 8, path: 'a[0]' }],
    ['a: &x {b: 1}\nc:\n  <<: *x', 'merge_key', { line: 3, column: 3, path: 'c' }],
    ['a: !secret x', 'unknown_tag', { line: 1, column: 4 }],
    ['a: !!binary aGVsbG8=', 'unknown_tag', { line: 1, path: 'a' }],
    ['a: !!set {x, y}', 'unknown_tag', { line: 1, path: 'a' }],
    ['a: 1\nb: 2\na: 3', 'duplicate_key', { line: 3, column: 1, path: 'a' }],
    ['x: {1: a, "1": b}', 'duplicate_key', { line: 1, column: 11, path: 'x.1' }],
    ['a: 1\n---\nb: 2', 'syntax', { line: 2, column: 1 }],
    ['a:\n\t- b', 'syntax', { line: 2, column: 1 }],
    ['? [a, b]\n: c', 'syntax', { line: 1, column: 3 }],
    ['a: [1, 2', 'syntax', { line: 1 }],
    [`a: &a 1\nb:\n${'  - *a\n'.repeat(2000)}`, 'alias', { line: 1003 }],
    ['a: *nothing', 'alias', { line: 1, path: 'a' }],
    ['a:\n  - &x [1, {b: *x}]', 'alias', { line: 2, path: 'a[0][1].b' }],
    ['a:\n  b: 9007199254740993', 'unsafe_number', { line: 2, column: 6, path: 'a.b' }],
    ['a: [1, 0x20000000000001]', 'unsafe_number', { path: 'a[1]' }],
    ['a: .inf', 'unsafe_number', { path: 'a' }],
  ])('refuses %j as %s', (text, code, place) => {
    expect(faultsOf(text)[0]).toMatchObject({ code, ...place })
  })

  it.each([
    '['.repeat(500_000),
    '[ '.repeat(500_000),
    '- '.repeat(400_000),
    '? '.repeat(400_000),
    '{a: '.repeat(200_000),
    Array.from({ length: 1200 }, (_, depth) => `${' '.repeat(2 * depth)}a:`).join('\n'),
  ])('refuses absurd depth (case %#)', (text) => {
    expect(faultsOf(text)).toMatchObject([{ code: 'too_deep' }])
  })

  it.each([
    ['8,000 keys in one map', Array.from({ length: 8000 }, (_, n) => `k${n}: ${n}`).join('\n'), true],
    ['20,000 items', '- 1\n'.repeat(20_000), true],
    ['30,000 rounded numbers', '- 12345678901234567890\n'.repeat(30_000), false],
    ['30,000 aliases', `- &a 1\n${'- *a\n'.repeat(30_000)}`, false],
    ['20,000 tags', '- !x a\n'.repeat(20_000), false],
    ['10,000 documents', '---\n'.repeat(10_000), false],
    ['quotes only', '"'.repeat(50_000), false],
    ['tags only', '!'.repeat(900_000), false],
  ])(
    'comes to an end with %s',
    (_what, text, good) => {
      const read = parseYamlStrict(text)
      expect(read.ok).toBe(good)
      expect(read.ok ? 0 : read.error.errors?.length).toBeLessThanOrEqual(100)
    },
    60_000,
  )

  it('does not take brackets in texts and comments for depth', () => {
    const many = '['.repeat(300)
    expect(valueOf(`a: "${many}"\nb: |\n  ${many}\nc: x${many}\n# ${many}`)).toEqual({
      a: many,
      b: `${many}\n`,
      c: `x${many}`,
    })
  })

  it('finds the place of keys, items and what stands nearest to the absent, through aliases too', () => {
    const read = parseYamlStrict('a: &x\n  b: 1\nc:\n  - 1.10\n  - "1.20"\nd: *x\n')
    if (!read.ok) throw read.error
    const { source } = read
    expect(source.placeOf(['a', 'b'])).toEqual({ line: 2, column: 3 })
    expect(source.placeOf(['c', 1])).toEqual({ line: 5, column: 5 })
    expect(source.placeOf(['c', 'none'])).toEqual({ line: 3, column: 1 })
    expect(source.placeOf(['d', 'b'])).toEqual({ line: 2, column: 3 })
    expect(source.textOf(['c', 0])).toBe('1.10')
    expect(source.textOf(['c', 1])).toBeUndefined()
    expect(source.textOf(['a'])).toBeUndefined()
  })
})
