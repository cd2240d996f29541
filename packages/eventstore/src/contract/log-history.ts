/** Laws of what a fold makes of the log: gaps, stale writers, checkpointed history. */
import { describe, expect, it } from 'vitest'
import { wallClock } from '../clock.ts'
import { encodeState } from '../fold/checkpoint.ts'
import { followInto } from '../follow/follow-into.ts'
import type { Log } from '../log.ts'
import type { AnyEvent } from '../any-commit.ts'
import type { LogHarness } from './harness.ts'
import { sha256Hex, tallyFold, tallyWriter } from './stage.ts'
import { added, bytesOf, tallyCommit, tallySubject } from './tally.ts'

const appendCommit = async (log: Log, key: string, v: number, cmd: string, events?: readonly AnyEvent[]) => {
  const subject = tallySubject(key)
  const expected = (await log.last(subject))?.seq ?? 0
  const result = await log.append({ subject, expected, data: bytesOf(tallyCommit(v, cmd, events)) })
  if (!result.ok) throw new Error('conflict')
  return result.seq
}

export const describeHistory = (harness: () => LogHarness): void => {
  const folded = async () => {
    const { other, archive } = harness()
    const fold = tallyFold()
    const follower = followInto(fold, other, { archive })
    await follower.caughtUp
    await follower.stop()
    return fold
  }

  describe('history', () => {
    it('a gap quarantines its aggregate, decisions on it are refused, and the others go on', async () => {
      const { log, archive } = harness()
      await appendCommit(log, 'a', 1, 'c1')
      await appendCommit(log, 'a', 3, 'c3')
      await appendCommit(log, 'b', 1, 'c1')
      const fold = await folded()
      expect(fold.get('tally', 'a')?.condition).toMatchObject({ is: 'quarantined', sinceSeq: 2 })
      expect(fold.get('tally', 'b')?.condition).toEqual({ is: 'ok' })
      const { add } = tallyWriter(log, wallClock, fold)
      expect(await add('a', 'c4')).toMatchObject({ ok: false, error: { code: 'log_gap' } })
      expect(await add('b', 'c2')).toMatchObject({ ok: true, v: 2 })
      expect((await archive.list()).length).toBe(0)
    })
    it('a stale writer is left out', async () => {
      const { log } = harness()
      await appendCommit(log, 'a', 1, 'c1')
      await appendCommit(log, 'a', 1, 'stale', [added(100)])
      await appendCommit(log, 'a', 2, 'c2')
      expect((await folded()).get('tally', 'a')).toMatchObject({ v: 2, state: { sum: 2 }, condition: { is: 'ok' } })
    })
    it('a checkpoint replaces the state, lifts a quarantine, and stands for what was purged', async () => {
      const { log, archive } = harness()
      await appendCommit(log, 'a', 1, 'c1')
      const upto = await appendCommit(log, 'a', 5, 'broken')
      const subject = tallySubject('a')
      const state = encodeState({ s: 1, subject, upto, v: 5, state: { sum: 70, commits: 5, cmds: [] } })
      const object = `state/${sha256Hex(state)}`
      await archive.put(object, state)
      const at = await appendCommit(log, 'a', 6, 'k', [
        { type: 'Checkpointed', upto, object, sha256: sha256Hex(state) } as AnyEvent,
      ])
      await log.purge(subject, at)
      const fold = await folded()
      expect(fold.get('tally', 'a')).toMatchObject({ v: 6, state: { sum: 70 }, condition: { is: 'ok' } })
      expect(await tallyWriter(log, wallClock, fold).add('a', 'c7')).toMatchObject({ ok: true, v: 7 })
      expect((await folded()).get('tally', 'a')?.state.sum).toBe(71)
    })
  })
}
