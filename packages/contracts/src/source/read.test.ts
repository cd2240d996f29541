import { describe, expect, it } from 'vitest'
import { MAX_TEXT_BYTES } from './limits.ts'
import { parseYamlOrJson } from './read.ts'

const codeOf = (input: string | Uint8Array, contentType?: string): string | undefined => {
  const read = parseYamlOrJson(input, contentType)
  return read.ok ? undefined : read.error.code
}

describe('the door for texts', () => {
  it.each([
    ['application/json; charset=utf-8', '{"a": 1}'],
    ['application/vnd.x+json', '{"a": 1}'],
    ['json', '{"a": 1}'],
    ['application/yaml', 'a: 1'],
    ['text/x-yaml', 'a: 1'],
    ['yaml', 'a: 1'],
    [undefined, 'a: 1'],
    [undefined, ' {"a": 1}'],
    [undefined, '{a: 1}'],
    [undefined, '\uFEFFa: 1'],
  ])('reads %s', (contentType, text) => {
    expect(parseYamlOrJson(text, contentType)).toMatchObject({ ok: true, value: { a: 1 } })
    expect(parseYamlOrJson(new TextEncoder().encode(text), contentType)).toMatchObject({ ok: true, value: { a: 1 } })
  })

  it('refuses other types', () => {
    expect(codeOf('a=1', 'application/x-www-form-urlencoded')).toBe('unsupported_media_type')
  })

  it('refuses a YAML text that is called JSON', () => {
    expect(codeOf('a: 1', 'application/json')).toBe('malformed_body')
  })

  it('keeps the faults of a JSON text instead of reading it as YAML', () => {
    const read = parseYamlOrJson('{"a": 1, "a": 2}')
    expect(read.ok ? undefined : read.error.errors).toMatchObject([{ code: 'duplicate_key', path: 'a' }])
  })

  it('tells the syntax error of JSON when the text is neither', () => {
    const read = parseYamlOrJson('{"a": 1,, "b": 2')
    expect(read.ok ? undefined : read.error.message).toMatch(/^The JSON, line 1, column 9/)
  })

  it.each([[[0x61, 0x3a, 0x20, 0xff]], [[0xc3, 0x28]], [[0xed, 0xa0, 0x80]], [[0xf8, 0x88, 0x80, 0x80, 0x80]]])(
    'refuses the bytes %j, which are not UTF-8',
    (bytes) => {
      expect(codeOf(Uint8Array.from(bytes))).toBe('malformed_body')
    },
  )

  it('refuses 10 MB before reading them', () => {
    expect(codeOf('x'.repeat(10_000_000))).toBe('body_too_large')
    expect(codeOf(new Uint8Array(10_000_000))).toBe('body_too_large')
    expect(codeOf(' '.repeat(MAX_TEXT_BYTES))).toBeUndefined()
  })
})
