import { expect } from 'vitest'
import { fc, it, test } from '@fast-check/vitest'
import { parseAll, parseOne } from './parse.ts'

/** Halves, doubles and near misses that would shift or swallow neighbours if they were just joined. */
const broken = fc.constantFrom(
  '{"a":1},{"b":2}',
  '{"a":[{}',
  '{}]}',
  '[1',
  '2]',
  '',
  ' ',
  '{"s":1',
  '"',
  '\\',
  ',',
  ']',
  '1,2',
  '\uFEFF{}',
)
const bodies = fc.array(
  fc
    .oneof({ arbitrary: fc.json(), weight: 4 }, broken, fc.uint8Array({ maxLength: 9 }))
    .map((body) => Buffer.from(body)),
  { maxLength: 40 },
)

test.prop([bodies])('parsing in blocks gives what parsing one by one gives, whatever the bytes are', (all) => {
  expect(parseAll(all)).toEqual(all.map(parseOne))
})
it('parses more than one block, and bodies larger than a block', () => {
  const all = Array.from({ length: 300 }, (_, index) =>
    Buffer.from(JSON.stringify({ index, text: 'ü'.repeat(index === 150 ? 300_000 : 1_000) })),
  )
  expect(parseAll(all)).toEqual(all.map(parseOne))
})
