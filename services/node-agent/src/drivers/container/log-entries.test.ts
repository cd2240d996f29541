import { seededRandom } from '@dunlin/runtime/agent'
import { describe, expect, it } from 'vitest'
import { createEntryReader, createLogCounter, type LogEntry, type LogPlace } from './log-entries.ts'

const frame = (stream: 1 | 2, text: string): Buffer => {
  const body = Buffer.from(text)
  const head = Buffer.alloc(8)
  head[0] = stream
  head.writeUInt32BE(body.length, 4)
  return Buffer.concat([head, body])
}

const START = Date.UTC(2026, 0, 1) / 1000
const BEGINNING: LogPlace = { since: 0, skip: 0, last: 0 }

const random = seededRandom(11)
const upTo = (most: number): number => Math.floor(random.float() * (most + 1))

describe('entries of an engine', () => {
  it('are the same however the stream falls into chunks', () => {
    const texts = ['', 'a', 'two words', 'and a line\n', 'x'.repeat(300)]
    const bytes = Buffer.concat(texts.map((text, i) => frame(i % 2 === 0 ? 1 : 2, `2026-01-01T00:00:00.5Z ${text}`)))
    for (let size = 1; size < 60; size++) {
      const read = createEntryReader()
      const entries: LogEntry[] = []
      for (let at = 0; at < bytes.length; at += size) entries.push(...read(bytes.subarray(at, at + size)))
      expect(entries.map(({ stream, second, data }) => [stream, second, data.toString()])).toEqual(
        texts.map((text, i) => [i % 2 === 0 ? 'stdout' : 'stderr', START, text]),
      )
    }
  })
})

const entry = (second: number, text: string): LogEntry => ({
  stream: 'stdout',
  second: START + second,
  data: Buffer.from(text),
})
const textOf = (entries: readonly (LogEntry | undefined)[]): string =>
  entries.map((one) => one?.data.toString() ?? '').join('')

/** What an engine tells from a second on. */
const toldFrom = (log: readonly LogEntry[], { since }: LogPlace): LogEntry[] =>
  log.filter(({ second }) => second >= since)

describe('a place in a log', () => {
  it('lets reading go on without a line lost or doubled, wherever it was interrupted', () => {
    for (let round = 0; round < 300; round++) {
      let second = 0
      const log = Array.from({ length: upTo(40) }, (_, index) => entry((second += upTo(3)), `line ${index}\n`))
      let place = BEGINNING
      let text = ''
      for (const count of [...Array.from({ length: upTo(5) }, () => upTo(40)), Infinity]) {
        const counter = createLogCounter(place)
        text += textOf(
          toldFrom(log, place)
            .slice(0, count)
            .map((one) => counter.newIn(one)),
        )
        place = counter.place()
      }
      expect(text).toBe(textOf(log))
    }
  })

  it('takes the rest of a line of which only the beginning was told', () => {
    const first = createLogCounter(BEGINNING)
    first.newIn(entry(0, 'whole\n'))
    first.newIn(entry(0, 'ha'))
    const second = createLogCounter(first.place())
    const again = [entry(0, 'whole\n'), entry(0, 'half\n'), entry(1, 'next\n')]
    expect(textOf(again.map((one) => second.newIn(one)))).toBe('lf\nnext\n')
  })
})
