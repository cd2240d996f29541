import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { readFrame, writeFrame } from './frame.ts'

const bytes = fc.uint8Array({ maxLength: 200 })
const item = fc.record({
  n: fc.integer({ min: 1 }),
  is: fc.constant('item' as const),
  value: fc.record({ text: fc.string(), more: fc.array(fc.integer()) }),
  bytes,
})

test.prop([item])('what is written is read again, newlines in text and bytes included', (frame) => {
  const read = readFrame(writeFrame(frame))
  expect(read).toMatchObject({ n: frame.n, is: 'item', value: frame.value })
  expect(read?.is === 'item' && Buffer.from(read.bytes).equals(Buffer.from(frame.bytes))).toBe(true)
})

it.each([
  { n: 3, is: 'alive' as const },
  { n: 4, is: 'end' as const, value: { code: 0 } },
  { n: 5, is: 'end' as const, value: undefined, problem: { code: 'not_built' as const, detail: 'no' } },
])('reads $is', (frame) => {
  expect(readFrame(writeFrame(frame as never))).toEqual(frame)
})

test.prop([bytes])('never throws at bytes that are no frame', (data) => {
  expect(readFrame(data)).toBeUndefined()
})

it.each(['{"error":{"code":"not_built"}}', '{"n":1}', '{"n":"1","is":"item"}', '', 'null\n'])(
  'takes %s for no frame',
  (text) => expect(readFrame(new TextEncoder().encode(text))).toBeUndefined(),
)
