import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { commandIdSchema, jobKeyText, nodeIdSchema, parseJobKeyText, sha256Schema } from './ids.ts'

const part = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', '/', '%', '2', 'F', '.') }),
  fc.string({ unit: 'grapheme' }),
)
const key = fc.record({ namespace: part, name: part })

describe('job keys as text', () => {
  test.prop([key])('come back as they were', (each) => {
    expect(parseJobKeyText(jobKeyText(each))).toEqual(each)
  })
  test.prop([key, key])('differ when the keys differ', (a, b) => {
    expect(jobKeyText(a) === jobKeyText(b)).toBe(a.namespace === b.namespace && a.name === b.name)
  })
  test.prop([part, part])('of one namespace begin alike, and those of another do not', (namespace, other) => {
    const prefix = jobKeyText({ namespace, name: '' })
    expect(jobKeyText({ namespace, name: 'x' }).startsWith(prefix)).toBe(true)
    expect(jobKeyText({ namespace: other, name: 'x' }).startsWith(prefix)).toBe(namespace === other)
  })
})

describe('ids', () => {
  it.each(['edge-1', 'A_b-9', 'x'.repeat(64)])('%s may be a node', (id) => {
    expect(nodeIdSchema.safeParse(id).success).toBe(true)
  })
  it.each(['', 'a.b', 'a b', 'a*', '>', 'é', 'x'.repeat(65)])('%j may not', (id) => {
    expect(nodeIdSchema.safeParse(id).success).toBe(false)
  })
  it('take printable command ids without spaces', () => {
    expect(commandIdSchema.safeParse('~tick/1:2').success).toBe(true)
    for (const id of ['', 'a b', 'a\n', 'é', 'x'.repeat(201)]) expect(commandIdSchema.safeParse(id).success).toBe(false)
  })
  it('take hashes in lower case only', () => {
    expect(sha256Schema.safeParse('0f'.repeat(32)).success).toBe(true)
    expect(sha256Schema.safeParse('0F'.repeat(32)).success).toBe(false)
  })
})
