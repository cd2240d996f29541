import { systemClock } from '@dunlin/runtime'
import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { respondInLines } from './lines.ts'

const replyTo = (client: { readonly destroyed: boolean }) => {
  const written: string[] = []
  const raw = Object.assign(new EventEmitter(), {
    ...client,
    writableEnded: false,
    writableNeedDrain: false,
    writeHead: () => {},
    flushHeaders: () => {},
    write: (text: string) => written.push(text),
    end: () => {},
  })
  const reply = { hijack: () => {}, raw } as unknown as Parameters<typeof respondInLines>[0]
  return { raw, written, lines: respondInLines(reply, systemClock, { type: 'alive' }) }
}

it('knows of a client that leaves, and of one that had left before the first line', async () => {
  const stays = replyTo({ destroyed: false })
  await stays.lines.put({ type: 'alive' })
  expect([stays.lines.gone.aborted, stays.written]).toEqual([false, ['{"type":"alive"}\n']])
  stays.raw.emit('close')
  expect(stays.lines.gone.aborted).toBe(true)

  const left = replyTo({ destroyed: true })
  expect(left.lines.gone.aborted).toBe(true)
  await left.lines.put({ type: 'alive' })
  expect(left.written).toEqual([])
})
