import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from './canonical-json.ts'

const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, reversed(item)]),
  )
}

describe('canonical JSON', () => {
  test.prop([fc.jsonValue()])('says the same as JSON', (value) => {
    expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
  })

  test.prop([fc.jsonValue()])('does not depend on the order of keys', (value) => {
    expect(canonicalJson(reversed(value))).toBe(canonicalJson(value))
  })

  test.prop([fc.jsonValue(), fc.jsonValue()])('tells different values apart', (a, b) => {
    const same = JSON.stringify(reversed(reversed(a))) === JSON.stringify(reversed(reversed(b)))
    if (canonicalJson(a) !== canonicalJson(b)) expect(same).toBe(false)
    else expect(JSON.parse(canonicalJson(a))).toEqual(JSON.parse(canonicalJson(b)))
  })

  it('leaves out what is undefined and sorts by code unit', () => {
    expect(canonicalJson({ b: 1, a: undefined, B: [undefined, { z: 1, y: 2 }] })).toBe(
      '{"B":[null,{"y":2,"z":1}],"b":1}',
    )
  })
})
