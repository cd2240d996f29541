import { describe, expect } from 'vitest'
import { fc, it, test } from '@fast-check/vitest'
import { message, settle, tallies, tallyFold, tallyWriter } from '../contract/stage.ts'
import { added, tallyCommit, tallySubject } from '../contract/tally.ts'
import { wallClock } from '../clock.ts'
import { followInto } from '../follow/follow-into.ts'
import type { Recorded } from '../log.ts'
import { createMemoryStore } from '../memory/index.ts'
import { loadSnapshot } from './load.ts'
import { writeSnapshot } from './write.ts'

const position = { created: 'then', seq: 0 }
const keys = fc.constantFrom('a', 'b', 'c"\\', 'ü/😀', 'e')
/** A log in which each subject counts 1, 2, 3 ..., with a gap now and then. */
const logs = fc
  .array(fc.tuple(keys, fc.integer({ min: -9, max: 9 }), fc.constantFrom(1, 1, 1, 1, 1, 4)))
  .map((steps) => {
    const versions = new Map<string, number>()
    return steps.map(([key, n, step], index): Recorded => {
      const v = (versions.get(key) ?? 0) + step
      versions.set(key, v)
      return message(index + 1, tallySubject(key), tallyCommit(v, `c${index}`, [added(n)], index))
    })
  })
const foldOf = (log: readonly Recorded[]) => {
  const fold = tallyFold()
  fold.reach(position)
  fold.applyBatch(log)
  return fold
}

describe('a snapshot', () => {
  test.prop([logs, fc.nat(100), fc.array(keys)], { numRuns: 30 })(
    'and the tail of the log give the same state as the whole log',
    async (log, cut, looks) => {
      const { snapshots } = createMemoryStore()
      await writeSnapshot(snapshots, 'test', foldOf(log.slice(0, cut)), { cut })
      const snapshot = await loadSnapshot(snapshots, 'test', '0')
      expect(snapshot?.extra).toEqual({ cut })
      if (snapshot === undefined) return
      const resumed = tallyFold({ snapshot })
      for (const key of looks) resumed.get('tally', key)
      // A snapshot of a fold that is itself half untouched.
      await writeSnapshot(snapshots, 'again', resumed, null)
      resumed.applyBatch(log.slice(resumed.position?.seq ?? 0))
      const whole = foldOf(log)
      expect(resumed.count('tally')).toBe(whole.count('tally'))
      expect(
        resumed
          .quarantined()
          .map(({ key }) => key)
          .toSorted(),
      ).toEqual(
        whole
          .quarantined()
          .map(({ key }) => key)
          .toSorted(),
      )
      expect(tallies(resumed)).toEqual(tallies(whole))
      expect(resumed.position).toEqual(whole.position)
      const second = await loadSnapshot(snapshots, 'again', '0')
      const third = tallyFold(second === undefined ? {} : { snapshot: second })
      expect(tallies(third)).toEqual(tallies(foldOf(log.slice(0, cut))))
    },
  )
  it('shows one instant although the fold goes on while it is written', async () => {
    const { snapshots } = createMemoryStore()
    const count = 20_000
    const log = Array.from({ length: count }, (_, i) => message(i + 1, tallySubject(`k${i}`), tallyCommit(1, `c${i}`)))
    const fold = foldOf(log)
    const before = structuredClone(tallies(fold))
    const writing = writeSnapshot(snapshots, 'test', fold, 'then')
    let turns = 0
    const changing = (async () => {
      for (let i = count - 1; i >= 0; i -= 50) {
        fold.apply(message(count * 2 - i, tallySubject(`k${i}`), tallyCommit(2, 'later')))
        fold.apply(message(count * 3 - i, tallySubject(`new${i}`), tallyCommit(1, 'later')))
        if (turns++ % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    expect(await writing).toMatchObject({ seq: count, aggregates: count })
    await changing
    const snapshot = await loadSnapshot(snapshots, 'test', '0')
    expect(snapshot?.position.seq).toBe(count)
    expect(tallies(tallyFold(snapshot === undefined ? {} : { snapshot }))).toEqual(before)
  })
  it('is not used by a fold of another version, nor when its bytes are damaged; then the one before is', async () => {
    const { snapshots } = createMemoryStore()
    await writeSnapshot(snapshots, 'test', foldOf([message(1, tallySubject('a'), tallyCommit(1, 'x'))]), 'first')
    const two = [message(1, tallySubject('a'), tallyCommit(1, 'x')), message(2, tallySubject('a'), tallyCommit(2, 'y'))]
    const written = await writeSnapshot(snapshots, 'test', foldOf(two), 'second')
    expect((await loadSnapshot(snapshots, 'test', '0'))?.extra).toBe('second')
    expect(await loadSnapshot(snapshots, 'test', '1')).toBeUndefined()
    const object = written?.object ?? ''
    const bytes = (await snapshots.get(object)) ?? new Uint8Array()
    bytes[bytes.length - 10] = (bytes.at(-10) ?? 0) ^ 0xff
    await snapshots.put(object, bytes)
    expect((await loadSnapshot(snapshots, 'test', '0'))?.extra).toBe('first')
  })
  it('keeps the last two', async () => {
    const { snapshots } = createMemoryStore()
    for (let n = 1; n <= 5; n++)
      await writeSnapshot(snapshots, 'test', foldOf([message(n, tallySubject('a'), tallyCommit(1, 'x'))]), n)
    expect((await snapshots.list()).length).toBe(2)
    expect((await loadSnapshot(snapshots, 'test', '0'))?.extra).toBe(5)
  })
  it('replaces those of a longer history that was lost', async () => {
    const { snapshots } = createMemoryStore()
    for (const seq of [9, 8, 2])
      await writeSnapshot(snapshots, 'test', foldOf([message(seq, tallySubject('a'), tallyCommit(1, 'x'))]), seq)
    expect((await loadSnapshot(snapshots, 'test', '0'))?.extra).toBe(2)
  })
  it('of another log is thrown away by the follower', async () => {
    const store = createMemoryStore()
    const { add } = tallyWriter(store.log, wallClock)
    await add('a', 'c1')
    await writeSnapshot(store.snapshots, 'test', foldOf([message(1, tallySubject('z'), tallyCommit(1, 'x'))]), null)
    const snapshot = await loadSnapshot(store.snapshots, 'test', '0')
    const fold = tallyFold(snapshot === undefined ? {} : { snapshot })
    const told: string[] = []
    const follower = followInto(fold, store.log, { archive: store.archive, onRewound: (why) => told.push(why) })
    await follower.caughtUp
    expect(told.length).toBe(1)
    expect([...fold.table('tally').keys()]).toEqual(['a'])
  })
  it('that is being written when the log goes backwards is given up', async () => {
    const { snapshots } = createMemoryStore()
    const log = Array.from({ length: 20_000 }, (_, i) => message(i + 1, tallySubject(`k${i}`), tallyCommit(1, `c${i}`)))
    const fold = foldOf(log)
    const writing = writeSnapshot(snapshots, 'test', fold, null)
    fold.reset()
    expect(await writing).toBeUndefined()
    await settle()
    expect(await snapshots.list()).toEqual([])
  })
})
