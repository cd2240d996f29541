/** Laws of reading and following. */
import { describe, expect, it } from 'vitest'
import { markOf, type Log, type Recorded } from '../log.ts'
import { probe } from './follower-probe.ts'
import { asText, eventually, type LogHarness } from './harness.ts'
import { put } from './log-append.ts'
import { tallySubject } from './tally.ts'

const seqsOf = (seen: readonly Recorded[]): number[] => seen.map(({ seq }) => seq)

const collect = async (messages: AsyncIterable<Recorded>): Promise<Recorded[]> => {
  const all: Recorded[] = []
  for await (const recorded of messages) all.push(recorded)
  return all
}
const fill = async (log: Log, count: number): Promise<number[]> => {
  const seqs: number[] = []
  for (let n = 0; n < count; n++) seqs.push(await put(log, `k${n}`, 0))
  return seqs
}

export const describeRead = (harness: () => LogHarness): void => {
  describe('reading', () => {
    it('gives back what was appended: the last of a subject, one by sequence, all of one subject', async () => {
      const { log, other } = harness()
      const a1 = await put(log, 'a', 0, 'id-a1')
      await put(log, 'b', 0)
      const a2 = await put(log, 'a', a1)
      const last = await other.last(tallySubject('a'))
      expect(last?.seq).toBe(a2)
      expect(asText(last?.data ?? new Uint8Array())).toBe(JSON.stringify({ n: a1 }))
      const first = await other.at(a1)
      expect([first?.subject, first?.msgId]).toEqual([tallySubject('a'), 'id-a1'])
      expect(await other.at(999_999)).toBeUndefined()
      expect(await other.last(tallySubject('none'))).toBeUndefined()
      expect(seqsOf(await collect(other.read(tallySubject('a'))))).toEqual([a1, a2])
      expect(seqsOf(await collect(other.read(tallySubject('a'), a1 + 1)))).toEqual([a2])
      expect(await collect(other.read(tallySubject('none')))).toEqual([])
    })
  })

  describe('following', () => {
    it('from the beginning delivers everything once and in order, says when it caught up, and goes on', async () => {
      const { log, other } = harness()
      const seqs = await fill(harness().log, 50)
      const { seen, caughtUp, follower } = probe(other)
      await eventually(() => expect(caughtUp.length).toBeGreaterThan(0))
      expect(seqsOf(seen)).toEqual(seqs)
      expect(caughtUp[0]).toBe(seqs.at(-1))
      const next = await put(log, 'later', 0)
      await eventually(() => expect(seqsOf(seen)).toEqual([...seqs, next]))
      await follower.stop()
      await put(log, 'unheard', 0)
      expect(seqsOf(seen)).toEqual([...seqs, next])
    })
    it('an empty log is caught up with', async () => {
      const { caughtUp, follower } = probe(harness().log)
      await eventually(() => expect(caughtUp[0]).toBe(0))
      await follower.stop()
    })
    it('from a position delivers only what comes after it', async () => {
      const { log } = harness()
      const seqs = await fill(harness().log, 20)
      const { created } = await log.info()
      const at = await log.at(seqs[9] ?? 0)
      const { seen, rewound, caughtUp, follower } = probe(log, {
        created,
        seq: seqs[9] ?? 0,
        mark: at === undefined ? '' : markOf(at),
      })
      await eventually(() => expect(caughtUp.length).toBeGreaterThan(0))
      expect([seqsOf(seen), rewound]).toEqual([seqs.slice(10), []])
      await follower.stop()
    })
    it('across the holes that purging leaves stays in order, and a purged position is no reason to begin anew', async () => {
      const { log, other } = harness()
      const chain = [0]
      for (let n = 0; n < 10; n++) chain.push(await put(log, 'long', chain.at(-1) ?? 0))
      const tail = await put(log, 'tail', 0)
      const { created } = await log.info()
      const purgedMark = await log.at(chain[3] ?? 0)
      expect(await log.purge(tallySubject('long'), chain[9] ?? 0)).toBe(8)
      expect(await log.at(chain[3] ?? 0)).toBeUndefined()
      const fromStart = probe(other)
      const fromHole = probe(other, {
        created,
        seq: chain[3] ?? 0,
        mark: purgedMark === undefined ? '' : markOf(purgedMark),
      })
      for (const { seen, rewound, caughtUp, follower } of [fromStart, fromHole]) {
        await eventually(() => expect(caughtUp.length).toBeGreaterThan(0))
        expect([seqsOf(seen), rewound]).toEqual([[chain[9], chain[10], tail], []])
        await follower.stop()
      }
    })
    it('never purges the last message of a subject', async () => {
      const { log } = harness()
      const a1 = await put(log, 'a', 0)
      const a2 = await put(log, 'a', a1)
      await log.purge(tallySubject('a'), a2 + 1000)
      expect((await log.last(tallySubject('a')))?.seq).toBe(a2)
      expect(await put(log, 'a', a2)).toBeGreaterThan(a2)
    })
    it('a handler that throws ends its follower and no other', async () => {
      const { log } = harness()
      const broken = probe(log, undefined, {
        onBatch: () => {
          throw new Error('broken fold')
        },
      })
      const sound = probe(log)
      const seq = await put(log, 'a', 0)
      await eventually(() => expect(broken.ended[0]?.message).toContain('broken fold'))
      await eventually(() => expect(seqsOf(sound.seen)).toEqual([seq]))
      await sound.follower.stop()
    })
  })
}
