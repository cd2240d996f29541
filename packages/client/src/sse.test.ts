import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { createSseParser } from './sse.ts'

describe('createSseParser', () => {
  it('reads ids, names and data of several lines, and skips comments', () => {
    const parse = createSseParser()
    expect(parse(': hello\n\nid: 7\nevent: job\ndata: {"a":\ndata:1}\n\n')).toEqual([
      { id: '7', event: 'job', data: '{"a":\n1}' },
    ])
  })

  it('tells an id that came without data as a position', () => {
    const parse = createSseParser()
    expect(parse('id: 5\n\n: c\n\ndata: a\n\n')).toEqual([
      { id: '5', event: 'position', data: '' },
      { id: '5', event: 'message', data: 'a' },
    ])
  })

  it('keeps the id for later events and gives out no unfinished event', () => {
    const parse = createSseParser()
    expect(parse('id: 1\ndata: a\n\ndata: b\n\nid: 3\ndata: c\n')).toEqual([
      { id: '1', event: 'message', data: 'a' },
      { id: '1', event: 'message', data: 'b' },
    ])
  })

  const stream = 'id: 1\r\nevent: job\r\ndata: one\r\n\r\n: c\r\n\r\nid: 2\rdata: two\r\rid: 3\ndata: ümlaut\n\n'
  const whole = createSseParser()(stream)
  test.prop([fc.array(fc.nat(stream.length), { maxLength: 12 })])(
    'however the bytes are cut, the events are the same',
    (cuts) => {
      const parse = createSseParser()
      const points = [0, ...cuts.toSorted((a, b) => a - b), stream.length]
      const events = points.slice(1).flatMap((end, i) => parse(stream.slice(points[i], end)))
      expect(events).toEqual(whole)
      expect(events).toHaveLength(3)
    },
  )
})
