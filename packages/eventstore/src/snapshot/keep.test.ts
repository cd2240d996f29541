import { describe, expect, it } from 'vitest'
import { createFold } from '../fold/fold.ts'
import { createMemoryStore } from '../memory/index.ts'
import { keepSnapshots } from './keep.ts'
import { loadSnapshot } from './load.ts'

const folding = {
  initial: () => ({ sum: 0 }),
  applyCommit: (state: { sum: number }) => ({ sum: state.sum + 1 }),
  knows: () => true,
  fence: 'strict' as const,
  toJson: (state: { sum: number }) => state,
  fromJson: (json: unknown) => json as { sum: number },
}
const bytes = (v: number) =>
  Buffer.from(JSON.stringify({ s: 1, v, cmd: `~${v}`, by: 'user:a', at: v, ev: [{ type: 'Added' }] }))

describe('keeping snapshots', () => {
  it('writes when the log has grown enough, with what the service adds, and only where it may', async () => {
    const timers: (() => void)[] = []
    const clock = {
      nowMs: () => 0,
      monotonicMs: () => 0,
      after: (_: number, run: () => void) => (timers.push(run), { cancel: () => {} }),
    }
    const { snapshots } = createMemoryStore()
    const fold = createFold({ route: () => ({ kind: 'sum', key: 'a' }), kinds: { sum: folding }, version: 'v1' })
    fold.reach({ created: '2026-01-01T00:00:00Z', seq: 0 })
    let may = false
    const written: number[] = []
    const keeper = keepSnapshots({
      store: snapshots,
      name: 'test',
      fold,
      clock,
      everyMessages: 10,
      lookEveryMs: 1,
      mayWrite: () => may,
      extra: () => ({ pending: ['n1'] }),
      onWritten: (seq) => written.push(seq),
    })
    const look = async () => {
      timers.shift()?.()
      await expect.poll(() => timers.length).toBe(1)
    }
    for (let v = 1; v <= 9; v += 1) fold.apply({ seq: v, subject: 's', data: bytes(v), storedAtMs: 0 })
    may = true
    await look()
    expect(written).toEqual([])
    fold.apply({ seq: 10, subject: 's', data: bytes(10), storedAtMs: 0 })
    may = false
    await look()
    expect(written).toEqual([])
    may = true
    await look()
    expect(written).toEqual([10])
    const loaded = await loadSnapshot(snapshots, 'test', 'v1')
    expect(loaded?.extra).toEqual({ pending: ['n1'] })
    const again = createFold({
      route: () => ({ kind: 'sum', key: 'a' }),
      kinds: { sum: folding },
      version: 'v1',
      ...(loaded ? { snapshot: loaded } : {}),
    })
    expect(again.get('sum', 'a')?.state).toEqual({ sum: 10 })
    expect(await loadSnapshot(snapshots, 'test', 'v2')).toBeUndefined()
    await keeper.stop()
  })
})
