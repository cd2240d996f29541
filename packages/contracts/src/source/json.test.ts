import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { parseJsonStrict } from './json.ts'
import { placeAt } from './place.ts'

const faultsOf = (text: string) => {
  const read = parseJsonStrict(text)
  if (read.ok) throw new Error('it was read')
  expect(read.error.code).toBe('malformed_body')
  return read.error.errors ?? []
}

describe('strict JSON', () => {
  test.prop([fc.json({ maxDepth: 20 })])('reads what JSON.parse reads', (text) => {
    const value: unknown = JSON.parse(text)
    const read = parseJsonStrict(text)
    // Random numbers may be beyond 2^53, and those are refused.
    if (read.ok) expect(read.value).toEqual(value)
    else expect(read.error.errors?.every(({ code }) => code === 'unsafe_number')).toBe(true)
  })

  test.prop([fc.string({ maxLength: 40 })])('refuses whatever JSON.parse refuses', (text) => {
    const reads = ((): boolean => {
      try {
        JSON.parse(text)
        return true
      } catch {
        return false
      }
    })()
    const read = parseJsonStrict(text)
    expect(read.ok || read.error.errors?.[0]?.code !== 'syntax').toBe(reads)
  })

  test.prop([fc.json(), fc.nat(), fc.constantFrom('', ',', '}', ']', '"', '\\', '0', 'x', '\u0001')])(
    'agrees with JSON.parse about nearly right texts',
    (json, at, other) => {
      const cut = at % json.length
      const text = json.slice(0, cut) + other + json.slice(cut + 1)
      let valid = true
      try {
        JSON.parse(text)
      } catch {
        valid = false
      }
      const read = parseJsonStrict(text)
      expect(read.ok || read.error.errors?.[0]?.code !== 'syntax').toBe(valid)
    },
  )

  it.each([
    ['{"a": 1,}', 'expected a key in double quotes', 9],
    ['{"a": tru}', 'expected a value', 7],
    ['{"a" 1}', 'expected ":"', 6],
    ['[1 2]', 'expected "," or "]"', 4],
    ['{"a": [1, 2', 'the text ends, "," or "]" is missing', 12],
    ['{} x', 'expected the end of the text', 4],
    ['["a\nb"]', 'expected a well-formed string', 2],
    ['', 'the text ends, a value is missing', 1],
  ])('says what is wrong in %j', (text, message, column) => {
    expect(faultsOf(text)).toEqual([{ code: 'syntax', message, line: 1, column }])
  })

  it('never quotes the text, which may hold a secret', () => {
    const read = parseJsonStrict('{"token": hunter2}')
    expect(JSON.stringify(read.ok ? undefined : read.error.toProblem())).not.toContain('hunter2')
  })

  it('names a duplicate key by path and place', () => {
    expect(faultsOf('{\n "a": {"b": 1,\n  "b": 2}}')).toMatchObject([
      { code: 'duplicate_key', path: 'a.b', line: 3, column: 3 },
    ])
    expect(faultsOf('{"a": 1, "\\u0061": 2}')).toMatchObject([{ code: 'duplicate_key', path: 'a' }])
  })

  it.each(['9007199254740992', '-9007199254740993', '12345678901234567890', '1e20', '1e400'])(
    'refuses %s, which would be rounded',
    (number) => {
      expect(faultsOf(`{"a": [1, ${number}]}`)).toMatchObject([{ code: 'unsafe_number', path: 'a[1]', column: 11 }])
    },
  )

  it.each(['9007199254740991', '-9007199254740991', '0.1', '1e-7', '1e3', '-0'])('takes %s', (number) => {
    expect(parseJsonStrict(number)).toMatchObject({ ok: true, value: Number(number) })
  })

  it('refuses absurd depth without recursing into it', () => {
    expect(faultsOf('['.repeat(500_000))).toMatchObject([{ code: 'too_deep' }])
    expect(faultsOf('{"a":'.repeat(100_000))).toMatchObject([{ code: 'too_deep' }])
    expect(parseJsonStrict('['.repeat(100) + ']'.repeat(100)).ok).toBe(true)
  })

  it('finds the place of any path, and of the nearest parent of what is absent', () => {
    const text = '{\n  "spec": {\n    "args": ["a",\n      {"b": 1.10}]\n  }\n}'
    const read = parseJsonStrict(text)
    if (!read.ok) throw read.error
    const { source } = read
    expect(source.placeOf([])).toEqual({ line: 1, column: 1 })
    expect(source.placeOf(['spec'])).toEqual({ line: 2, column: 3 })
    expect(source.placeOf(['spec', 'args', 0])).toEqual({ line: 3, column: 14 })
    expect(source.placeOf(['spec', 'args', 1, 'b'])).toEqual({ line: 4, column: 8 })
    expect(source.placeOf(['spec', 'name'])).toEqual({ line: 2, column: 3 })
    expect(source.textOf(['spec', 'args', 1, 'b'])).toBe('1.10')
    expect(source.textOf(['spec', 'args', 0])).toBeUndefined()
    expect(source.textOf(['spec', 'name'])).toBeUndefined()
  })
})

describe('placeAt', () => {
  test.prop([fc.array(fc.string({ unit: fc.constantFrom('a', 'b', ' ') })), fc.nat()])(
    'counts lines and columns from 1',
    (lines, random) => {
      const text = lines.join('\n')
      const offset = text.length === 0 ? 0 : random % text.length
      const { line, column } = placeAt(text, offset)
      const before = text.split('\n').slice(0, line - 1)
      expect(before.reduce((sum, each) => sum + each.length + 1, 0) + column - 1).toBe(offset)
    },
  )
})
