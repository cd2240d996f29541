/** A log that loses what a process has folded of its own while its follower lags: the follower's place looks untouched. */
import { describe, expect, it } from 'vitest'
import { wallClock } from '../clock.ts'
import { settle, tallies, tallyFold, tallyWriter, type TallyKinds } from '../contract/stage.ts'
import { bytesOf, tallyCommit, tallySubject } from '../contract/tally.ts'
import type { Fold } from '../fold/types.ts'
import { createMemoryStore, type MemoryStore } from '../memory/index.ts'
import { loadSnapshot } from '../snapshot/load.ts'
import { writeSnapshot } from '../snapshot/write.ts'
import { followInto } from './follow-into.ts'

const LAG_MS = 40

/** One writer whose follower has delivered `a` (1) and lags behind its own `b` (2) and `c` (3). */
const given = async () => {
  const store = createMemoryStore()
  const writer = tallyWriter(store.log, wallClock)
  const told: string[] = []
  const follower = followInto(writer.fold, store.log, { archive: store.archive, onRewound: (why) => told.push(why) })
  await follower.caughtUp
  await writer.add('a', 'first')
  await follower.waitFor(1)
  store.faults.log.delayDelivery(LAG_MS)
  await writer.add('b', 'second')
  await writer.add('c', 'third')
  expect(writer.fold.position?.seq).toBe(1)
  expect(keys(writer.fold)).toEqual(['a', 'b', 'c'])
  return { store, ...writer, told, follower }
}
const keys = (fold: Fold<TallyKinds>): string[] => tallies(fold).map(({ key }) => key)

/** Somebody else writes. */
const rival = async (store: MemoryStore, key: string, expected = 0): Promise<void> => {
  const data = bytesOf(tallyCommit(1, `rival ${key}`))
  const result = await store.log.append({ subject: tallySubject(key), data, expected, msgId: `rival ${key}` })
  expect(result.ok).toBe(true)
}

describe('a follower behind its own process', () => {
  it('finds that the log ends below what was folded', async () => {
    const { store, fold, told, follower } = await given()
    store.faults.log.rewindTo(2)
    await expect.poll(() => told).toEqual([expect.stringContaining('ends at 2')])
    await follower.waitFor(2)
    expect(keys(fold)).toEqual(['a', 'b'])
    await follower.stop()
  })

  it('finds that another message stands where its own stood, also when the log has outgrown the loss', async () => {
    const { store, fold, told, follower } = await given()
    store.faults.log.cut()
    store.faults.log.rewindTo(1)
    for (const key of ['x', 'y', 'z']) await rival(store, key)
    await follower.waitFor(4).catch(() => {})
    await follower.waitFor(4)
    expect(told).toHaveLength(1)
    expect(keys(fold)).toEqual(['a', 'x', 'y', 'z'])
    await follower.stop()
  })

  it('finds another commit of the same subject there', async () => {
    const { store, fold, told, follower } = await given()
    store.faults.log.rewindTo(1)
    await rival(store, 'b')
    await expect.poll(() => told).toHaveLength(1)
    await follower.waitFor(2)
    expect(fold.get('tally', 'b')?.state.cmds).toEqual(['rival b'])
    await follower.stop()
  })

  it('is not alarmed by a log that only came back, and grows while it is asked', async () => {
    const { store, add, fold, told, follower } = await given()
    store.faults.log.cut()
    store.faults.log.restore()
    await add('d', 'fourth')
    await follower.waitFor(4)
    await settle()
    expect(told).toEqual([])
    expect(fold.foldedAhead()).toBe(0)
    await follower.stop()
  })

  it('is not alarmed when what was folded ahead is purged before it comes', async () => {
    const { store, add, fold, told, follower } = await given()
    await add('b', 'again')
    expect(await store.log.purge(tallySubject('b'), 4)).toBe(1)
    await follower.waitFor(4)
    expect(told).toEqual([])
    expect(fold.foldedAhead()).toBe(0)
    await follower.stop()
  })

  it('finds it also after a restart from a snapshot that was ahead of its own position', async () => {
    const { store, fold, follower } = await given()
    await writeSnapshot(store.snapshots, 'test', fold, null)
    await follower.stop()
    store.faults.log.rewindTo(1)
    for (const key of ['x', 'y', 'z']) await rival(store, key)
    const snapshot = await loadSnapshot(store.snapshots, 'test', fold.version)
    const again = tallyFold(snapshot && { snapshot })
    expect(again.position?.seq).toBe(1)
    expect(again.foldedAhead()).toBe(3)
    const told: string[] = []
    const next = followInto(again, store.log, { archive: store.archive, onRewound: (why) => told.push(why) })
    await next.waitFor(4).catch(() => {})
    await next.waitFor(4)
    expect(told).toHaveLength(1)
    expect(keys(again)).toEqual(['a', 'x', 'y', 'z'])
    await next.stop()
  })
})
