import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { messageOf, messageText } from '../message.ts'
import { compileMapping, executeMapping } from './mapping.ts'

const ports = {
  now: () => Date.UTC(2026, 0, 2),
  random: () => 0.5,
  uuid: () => 'id',
  env: (name: string) => `[${name}]`,
}

function run(mapping: string, input: string): string {
  const compiled = compileMapping(mapping)
  if (!compiled.ok) throw compiled.error
  const outcome = executeMapping(compiled.mapping, messageOf(input), ports)
  if (outcome.kind === 'failed') return `failed: ${outcome.error}`
  return outcome.kind === 'deleted' ? 'deleted' : messageText(outcome.message)
}

describe('a document', () => {
  test.prop([fc.jsonValue({ noUnicodeString: false })])(
    'passes through `root = this` as the same document',
    (value) => {
      const input = JSON.stringify({ value })
      expect(JSON.parse(run('root = this', input))).toEqual(JSON.parse(input))
    },
  )

  test.prop([fc.stringMatching(/^-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,10})?([eE][+-]?[0-9]{1,2})?$/)])(
    'keeps the text of numbers nobody touches',
    (number) => {
      expect(run('root.n = this.n', `{"n":${number}}`)).toBe(`{"n":${number}}`)
    },
  )

  test.prop([
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  ])('adds, subtracts and multiplies integers in 64 bits with wrap-around', (a, b) => {
    const input = `{"a":${a},"b":${b}}`
    const wrap = (value: bigint): string => String(BigInt.asIntN(64, value))
    expect(run('root = [this.a + this.b, this.a - this.b, this.a * this.b]', input)).toBe(
      `[${wrap(a + b)},${wrap(a - b)},${wrap(a * b)}]`,
    )
  })

  test.prop([
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  ])('compares integers exactly', (a, b) => {
    expect(run('root = [this.a < this.b, this.a == this.b]', `{"a":${a},"b":${b}}`)).toBe(`[${a < b},${a === b}]`)
  })

  test('is not changed by what a mapping does with it', () => {
    const mapping =
      'root.first = this.o\nroot.first.x = 1\nroot.second = this.o\nroot.third = root.first\nroot.third.x = 2'
    expect(run(mapping, '{"o":{"x":0}}')).toBe('{"first":{"x":1},"second":{"x":0},"third":{"x":2}}')
  })

  test('may have fields with odd names', () => {
    expect(run('root = this\nroot."__proto__" = 1\nroot.c = this.constructor', '{"toString":{"a":1}}')).toBe(
      '{"__proto__":1,"c":null,"toString":{"a":1}}',
    )
  })
})

describe('the outside world', () => {
  test('comes in through the ports', () => {
    expect(run('root = [uuid_v4(), env("A"), timestamp_unix(), timestamp_unix_milli()]', '')).toBe(
      '["id","[A]",1767312000,1767312000000]',
    )
  })
})

describe('a mapping that is refused', () => {
  const cases: [string, number, number, string][] = [
    ['root.a = ', 1, 10, 'query'],
    ['root.a = 1\nroot.b = this.nope_method()', 2, 28, "unrecognised method 'nope_method'"],
    ['root.a = 4 / 0', 1, 10, 'divide by zero'],
    ['root.a = "🦊" + nope()', 1, 22, "unrecognised function 'nope'"],
    ['root.a = this.b.slice(1, 2, 3)', 1, 31, 'wrong number of arguments'],
    ['map m { root = 1 }\nmap m { root = 2 }', 2, 1, 'map name collision'],
  ]

  test.each(cases)('%s', (source, line, column, message) => {
    const compiled = compileMapping(source)
    expect(compiled).toMatchObject({ ok: false, error: { line, column } })
    expect(compiled.ok ? '' : compiled.error.message).toContain(message)
  })

  test('however deep it is nested', () => {
    for (const deep of ['('.repeat(100_000), '['.repeat(5000), 'match { '.repeat(60), 'root = !'.repeat(3)]) {
      expect(compileMapping(`root = ${deep}`).ok).toBe(false)
    }
  })

  test.prop([
    fc.string({ unit: fc.constantFrom(...'root.a = this"\'\\(){}[]|&!<>+-*/%$@#\n_,:;1x'.split('')), maxLength: 60 }),
  ])('never brings the compiler down', (source) => {
    expect(compileMapping(source).ok).toBeTypeOf('boolean')
  })
})

describe('recursion', () => {
  test('without end fails the message, not the process', () => {
    expect(run('map m { root = this.apply("m") }\nroot = this.apply("m")', '{}')).toContain(
      'exceeded maximum allowed stacks',
    )
  })

  test('a document nested very deep fails or passes, but ends', () => {
    const deep = '['.repeat(9000) + ']'.repeat(9000)
    expect(run('root.d = this', deep)).toMatch(/^(?:\{"d":|failed)/)
    expect(run('root.d = this', '['.repeat(20_000))).toContain('failed')
  })
})

test.each(['.string()', '.a'])('a chain of 60,000 times %s is refused, not an unforeseen error', (link) => {
  const result = compileMapping(`root = this.a${link.repeat(60_000)}`)
  expect(result.ok ? undefined : result.error.message).toBe('too many links in one chain')
})
