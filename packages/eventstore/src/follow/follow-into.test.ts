import { describe, expect, it, vi } from 'vitest'
import { wallClock } from '../clock.ts'
import { sha256Hex, tallies, tallyFold, tallyWriter, settle } from '../contract/stage.ts'
import { bytesOf, tallyCommit, tallySubject } from '../contract/tally.ts'
import { encodeState } from '../fold/checkpoint.ts'
import type { FollowHandlers, LogInfo } from '../log.ts'
import { createMemoryStore } from '../memory/index.ts'
import { followInto } from './follow-into.ts'

const given = async (keys: readonly string[]) => {
  const store = createMemoryStore()
  const { add, fold } = tallyWriter(store.log, wallClock)
  for (const [index, key] of keys.entries()) await add(key, `c${index}`)
  return { store, add, written: fold }
}

describe('following into a fold', () => {
  it('brings a fold to what the log holds, tells when it has caught up, and goes on', async () => {
    const { store, add, written } = await given(['a', 'b', 'a'])
    const fold = tallyFold()
    const follower = followInto(fold, store.log, { archive: store.archive })
    await follower.caughtUp
    expect(tallies(fold)).toEqual(tallies(written))
    await add('c', 'later')
    await follower.waitFor(4)
    expect(fold.get('tally', 'c')?.state.sum).toBe(1)
    expect(follower.health()).toEqual({ live: true, caughtUp: true, seq: 4, lag: 0 })
    await follower.stop()
    await expect(follower.waitFor(9)).rejects.toMatchObject({ code: 'not_ready' })
  })
  it('is caught up with an empty log at once', async () => {
    const store = createMemoryStore()
    const follower = followInto(tallyFold(), store.log, { archive: store.archive })
    await follower.caughtUp
    expect(follower.health()).toMatchObject({ caughtUp: true, seq: 0 })
  })
  it('empties the fold and rebuilds it when the log went backwards', async () => {
    const { store, add } = await given(['a', 'b', 'c'])
    const fold = tallyFold()
    const onRewound = vi.fn<(why: string) => void>()
    const follower = followInto(fold, store.log, { archive: store.archive, onRewound })
    await follower.caughtUp
    const waiting = follower.waitFor(99)
    store.faults.log.rewindTo(1)
    await expect(waiting).rejects.toMatchObject({ code: 'log_rewound' })
    expect(onRewound).toHaveBeenCalledOnce()
    await add('z', 'after')
    await follower.waitFor(2)
    expect([...fold.table('tally').keys()].toSorted()).toEqual(['a', 'z'])
  })
  it('is live again when the log comes back as an older one', async () => {
    const handlers: FollowHandlers[] = []
    const log = {
      info: async () => ({ created: 'one', firstSeq: 0, lastSeq: 0, bytes: 0, maxBytes: 0 }) as LogInfo,
      follow: (_: unknown, to: FollowHandlers) => {
        handlers.push(to)
        return { stop: async () => {} }
      },
    }
    const told: boolean[] = []
    const { archive } = createMemoryStore()
    const follower = followInto(tallyFold(), log, { archive, onLive: (live) => void told.push(live) })
    await vi.waitFor(() => expect(handlers).toHaveLength(1), 20_000)
    handlers[0]?.onCaughtUp?.(0)
    handlers[0]?.onLive?.(false)
    handlers[0]?.onRewound?.('the stream ends at 1, the position is 9')
    // It found the connection up, so it has no change to tell.
    await vi.waitFor(() => expect(handlers).toHaveLength(2), 20_000)
    handlers[1]?.onCaughtUp?.(0)
    expect(told).toEqual([false, true])
    expect(follower.health()).toMatchObject({ live: true, caughtUp: true })
    await follower.stop()
  })
  it('notices a stream that was created anew with the same messages', async () => {
    const { store } = await given(['a', 'b'])
    const onRewound = vi.fn<(why: string) => void>()
    const follower = followInto(tallyFold(), store.log, { archive: store.archive, onRewound })
    await follower.caughtUp
    store.faults.log.recreate(2)
    await follower.waitFor(2).catch(() => {})
    await settle()
    expect(onRewound).toHaveBeenCalledOnce()
    expect(follower.health()).toMatchObject({ caughtUp: true, seq: 2 })
  })
  it('tells when the connection is lost and back', async () => {
    const { store } = await given(['a'])
    const onLive = vi.fn<(live: boolean) => void>()
    const follower = followInto(tallyFold(), store.log, { archive: store.archive, onLive })
    await follower.caughtUp
    store.faults.log.cut()
    expect(follower.health().live).toBe(false)
    store.faults.log.restore()
    expect(onLive.mock.calls).toEqual([[false], [true]])
  })

  const withCheckpoint = async () => {
    const { store } = await given(['a', 'b'])
    const subject = tallySubject('a')
    const state = encodeState({ s: 1, subject, upto: 1, v: 1, state: { sum: 50, commits: 1, cmds: [] } })
    const sha256 = sha256Hex(state)
    const event = { type: 'Checkpointed', upto: 1, object: 'state/a', sha256 }
    const append = (v: number, expected: number, ...events: { type: string }[]) =>
      store.log.append({ subject, expected, data: bytesOf(tallyCommit(v, `k${v}`, events)) })
    await append(2, 1, event)
    await append(3, 3, { type: 'Added', n: 1 } as { type: string })
    return { store, state }
  }
  it('fetches the state of a checkpoint before it folds on, in order', async () => {
    const { store, state } = await withCheckpoint()
    const fold = tallyFold()
    const fetched = Promise.withResolvers<Uint8Array>()
    const archive = { get: () => fetched.promise }
    const follower = followInto(fold, store.log, { archive })
    await settle()
    expect(follower.health()).toMatchObject({ caughtUp: false, seq: 2 })
    fetched.resolve(state)
    await follower.caughtUp
    expect(fold.get('tally', 'a')).toMatchObject({ v: 3, condition: { is: 'ok' }, state: { sum: 51 } })
  })
  it('reads again what it could not hold back', async () => {
    const { store, state } = await withCheckpoint()
    const fold = tallyFold()
    const fetched = Promise.withResolvers<Uint8Array>()
    const follower = followInto(fold, store.log, { archive: { get: () => fetched.promise }, holdAtMost: 2 })
    await settle()
    const { add } = tallyWriter(store.log, wallClock)
    for (let i = 0; i < 10; i++) await add('d', `d${i}`)
    fetched.resolve(state)
    await follower.waitFor(14)
    expect(fold.get('tally', 'd')?.state.sum).toBe(10)
    expect(fold.get('tally', 'a')?.state.sum).toBe(51)
  })
  it.each([
    ['is missing', undefined],
    ['is another', Buffer.from('{}')],
  ])('quarantines an aggregate whose state %s in the archive', async (_, bytes) => {
    const { store } = await withCheckpoint()
    const fold = tallyFold()
    await followInto(fold, store.log, { archive: { get: async () => bytes } }).caughtUp
    expect(fold.quarantined().map(({ key }) => key)).toEqual(['a'])
    expect(fold.get('tally', 'b')?.condition.is).toBe('ok')
  })
})
