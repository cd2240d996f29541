import type { Generation, NodeId } from '@dunlin/contracts'
import { beforeEach, describe, expect, it } from 'vitest'
import { createAheadWatch } from './ahead.ts'
import type { HeardNode } from './listen.ts'

const node = 'n1' as NodeId
let heard: Map<NodeId, HeardNode>
let folded: Generation
let lastSeq: number
let nowMs = 0
const watch = (known: readonly NodeId[] = [node]) =>
  createAheadWatch({
    log: { info: async () => ({ created: '', firstSeq: 1, lastSeq, messages: 1, bytes: 1, maxBytes: -1 }) },
    clock: { monotonicMs: () => nowMs },
    listener: { heard },
    isKnown: (id) => known.includes(id),
    folded: () => folded,
    waitFor: async (seq) => {
      folded = [folded[0], Math.max(folded[1], seq)]
    },
  })
const holds = (generation: Generation, id = node): void => {
  heard.set(id, {
    boot: 'b' as HeardNode['boot'],
    n: 1,
    holds: generation,
    bye: false,
    atMono: 0,
    atMs: 0,
    offsets: [],
  })
}

beforeEach(() => {
  heard = new Map()
  folded = [1, 50]
  lastSeq = 50
})

describe('a node ahead of the log', () => {
  it('is one that holds a document from beyond its end, or of a later epoch', async () => {
    for (const generation of [
      [1, 51],
      [2, 3],
    ] as const) {
      holds(generation)
      expect(await watch()()).toBe(node)
    }
    holds([1, 50])
    expect(await watch()()).toBeUndefined()
  })
  it('is not one that is only ahead of this fold', async () => {
    holds([1, 60])
    lastSeq = 61
    expect(await watch()()).toBeUndefined()
  })
  it('is not one that the log does not know', async () => {
    holds([1, 60], 'stranger' as NodeId)
    expect(await watch()()).toBeUndefined()
  })
  it('is told once a minute at most', async () => {
    holds([1, 51])
    const ask = watch()
    expect(await ask()).toBe(node)
    expect(await ask()).toBeUndefined()
    nowMs += 60_000
    expect(await ask()).toBe(node)
  })
  it('is told ever more rarely when it says so again and again, and another one at once', async () => {
    holds([1, 51])
    const ask = watch([node, 'n2' as NodeId])
    let times = 0
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      if ((await ask()) !== undefined) times += 1
      nowMs += 60_000
    }
    expect(times).toBe(28)
    holds([1, 52], 'n2' as NodeId)
    expect(await ask()).toBe('n2')
  })
})
