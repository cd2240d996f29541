/** Laws under faults: lost acknowledgements, lost connections, a killed server, a log that went backwards. */
import { describe, expect, it } from 'vitest'
import { followInto } from '../follow/follow-into.ts'
import { wallClock } from '../clock.ts'
import { probe } from './follower-probe.ts'
import { eventually, type LogHarness } from './harness.ts'
import { put } from './log-append.ts'
import { tallies, tallyFold, tallyWriter } from './stage.ts'
import { tallySubject } from './tally.ts'

export interface FaultOptions {
  /** How often the server is killed while writers work. */
  readonly kills?: number
}

/** Sends a command until its outcome is known, as a client does. */
const insist = async (run: () => Promise<{ readonly ok: boolean; readonly error?: { retryable: boolean } }>) => {
  for (let attempt = 0; attempt < 200; attempt++) {
    const result = await run()
    if (result.ok) return
    if (result.error?.retryable !== true) throw new Error('a terminal refusal', { cause: result.error })
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('never succeeded')
}

export const describeFaults = (harness: () => LogHarness, { kills = 2 }: FaultOptions = {}): void => {
  describe('faults', () => {
    it('a lost acknowledgement is asked for again: stored once, and the answer names where', async ({ skip }) => {
      const { log, loseNextAck } = harness()
      if (loseNextAck === undefined) return skip()
      await loseNextAck()
      const seq = await put(log, 'a', 0, 'id1')
      expect((await log.last(tallySubject('a')))?.seq).toBe(seq)
      expect((await log.info()).messages).toBe(1)
    })
    it('a command whose acknowledgement was lost counts once', async ({ skip }) => {
      const { log, loseNextAck } = harness()
      if (loseNextAck === undefined) return skip()
      const { add } = tallyWriter(log, wallClock)
      await loseNextAck()
      expect(await add('a', 'c1')).toMatchObject({ ok: true, committed: 1, v: 1 })
      expect(await add('a', 'c1')).toMatchObject({ ok: true, committed: 0, v: 1 })
      expect((await log.info()).messages).toBe(1)
    })
    it('a lost connection comes back: the follower misses nothing and repeats nothing', async ({ skip }) => {
      const { log, other, cutConnection } = harness()
      if (cutConnection === undefined) return skip()
      const { seen, live, rewound, follower } = probe(log)
      const seqs = [await put(other, 'a', 0)]
      await eventually(() => expect(seen.length).toBe(1))
      const cut = cutConnection()
      seqs.push(await put(other, 'b', 0))
      await cut
      seqs.push(await put(log, 'c', 0))
      await eventually(() => expect(seen.map(({ seq }) => seq)).toEqual(seqs))
      await eventually(() => expect(live.slice(-2)).toEqual([false, true]))
      expect(rewound).toEqual([])
      await follower.stop()
    })
    it('two writers of one subject count every command exactly once', async () => {
      const { log, other } = harness()
      const writers = [tallyWriter(log, wallClock), tallyWriter(other, wallClock)]
      await Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          insist(() => (writers[index % 2] ?? writers[0])!.add('a', `c${index}`)),
        ),
      )
      const fold = tallyFold()
      const follower = followInto(fold, log, { archive: harness().archive })
      await follower.caughtUp
      expect(fold.get('tally', 'a')).toMatchObject({ v: 60, state: { sum: 60 }, condition: { is: 'ok' } })
      await follower.stop()
    })
    it('a server killed under load loses no acknowledged command and doubles none', async ({ skip }) => {
      const { log, archive, killAndRestart } = harness()
      if (killAndRestart === undefined) return skip()
      const { add } = tallyWriter(log, wallClock)
      const keys = ['a', 'b', 'c', 'd']
      const ending = new AbortController()
      let sent = 0
      const load = keys.map(async (key) => {
        let count = 0
        while (!ending.signal.aborted) {
          const id = `${key}/${count++}`
          await insist(() => add(key, id))
          sent++
        }
        return count
      })
      for (let kill = 0; kill < kills; kill++) {
        const before = sent
        await eventually(() => expect(sent).toBeGreaterThan(before + 20))
        await killAndRestart()
      }
      ending.abort()
      const counts = await Promise.all(load)
      const fold = tallyFold()
      const follower = followInto(fold, log, { archive })
      await follower.caughtUp
      for (const [index, key] of keys.entries())
        expect(fold.get('tally', key)).toMatchObject({ v: counts[index], state: { sum: counts[index] } })
      expect(fold.quarantined()).toEqual([])
      await follower.stop()
    })
    it('a follower notices that the log went backwards and delivers nothing of the other history', async ({ skip }) => {
      const { log, rewind } = harness()
      if (rewind === undefined) return skip()
      const { seen, rewound, follower } = probe(log)
      const a1 = await put(log, 'a', 0)
      await put(log, 'a', a1)
      await eventually(() => expect(seen.length).toBe(2))
      await rewind(a1)
      await eventually(() => expect(rewound.length).toBe(1))
      await put(log, 'b', 0)
      expect(seen.length).toBe(2)
      await follower.stop()
    })
    it('a fold is rebuilt after the log went backwards', async ({ skip }) => {
      const { log, archive, rewind } = harness()
      if (rewind === undefined) return skip()
      const { add, fold: written } = tallyWriter(log, wallClock)
      for (let n = 0; n < 5; n++) await add('a', `c${n}`)
      const fold = tallyFold()
      const told: string[] = []
      const follower = followInto(fold, log, { archive, onRewound: (why) => told.push(why) })
      await follower.caughtUp
      expect(tallies(fold)).toEqual(tallies(written))
      await rewind(2)
      await eventually(() => expect(told.length).toBe(1))
      await eventually(() => expect(fold.get('tally', 'a')).toMatchObject({ v: 2, state: { sum: 2 } }))
      // The writer's own fold saw what is gone: it must not go on as if nothing had happened.
      expect(await add('a', 'next')).toMatchObject({ ok: false, error: { code: 'log_rewound' } })
      await follower.stop()
    })
    it('a stream that was created anew is another log, even at the same length', async ({ skip }) => {
      const { log, recreate } = harness()
      if (recreate === undefined) return skip()
      const { rewound, seen, follower } = probe(log)
      await put(log, 'a', 0)
      await eventually(() => expect(seen.length).toBe(1))
      await recreate()
      await eventually(() => expect(rewound.length).toBe(1))
      await follower.stop()
    })
  })
}
