import type { BootId } from '@dunlin/contracts'
import { describe, expect, it } from 'vitest'
import { DEFAULT_LIVENESS, judgeLiveness, type Heard, type Judge } from './liveness.ts'
import { noNode, type Connection, type NodeState } from './state.ts'

const BOOT = '01J00000000000000000000000' as BootId
const NEXT = '01J00000000000000000000001' as BootId
const admitted = (connection: Connection): NodeState => ({ ...noNode(), admission: 'admitted', connection })
const heard = (agoMs: number, more: Partial<Heard> = {}): Heard => ({
  boot: BOOT,
  atMono: 1e9 - agoMs,
  atMs: 5e9 - agoMs,
  bye: false,
  ...more,
})
const judge: Judge = { nowMono: 1e9, nowMs: 5e9, listeningSinceMono: 0 }
const up: Connection = { is: 'connected', since: 1, boot: BOOT }
const { disconnectedAfterMs, lostAfterMs } = DEFAULT_LIVENESS

describe('liveness', () => {
  it('connects who is heard', () =>
    expect(judgeLiveness(admitted({ is: 'never' }), heard(10), judge)).toEqual([{ type: 'NodeConnected', boot: BOOT }]))
  it('says nothing while nothing changes', () => expect(judgeLiveness(admitted(up), heard(10), judge)).toEqual([]))
  it('notes another boot', () =>
    expect(judgeLiveness(admitted(up), heard(10, { boot: NEXT }), judge)).toEqual([
      { type: 'NodeConnected', boot: NEXT },
    ]))
  it('disconnects after 45 s of silence', () =>
    expect(judgeLiveness(admitted(up), heard(disconnectedAfterMs), judge)).toMatchObject([
      { type: 'NodeDisconnected', reason: 'silent' },
    ]))
  it('disconnects at once who says goodbye', () =>
    expect(judgeLiveness(admitted(up), heard(10, { bye: true }), judge)).toMatchObject([
      { type: 'NodeDisconnected', reason: 'left' },
    ]))
  it('ignores the goodbye of an earlier boot', () =>
    expect(
      judgeLiveness(admitted({ ...up, boot: NEXT }), heard(10, { bye: true }), { ...judge, listeningSinceMono: 1e9 }),
    ).toEqual([]))
  it('a judge that has just started condemns nobody', () =>
    expect(judgeLiveness(admitted(up), undefined, { ...judge, listeningSinceMono: 1e9 - 1000 })).toEqual([]))
  it('a blind judge condemns nobody', () =>
    expect(
      judgeLiveness(admitted(up), heard(disconnectedAfterMs * 5), { ...judge, listeningSinceMono: undefined }),
    ).toEqual([]))
  it('loses a node after 24 h, and notes its return', () => {
    const down: Connection = { is: 'disconnected', since: 1, lastHeardAt: 5e9 - lostAfterMs, reason: 'silent' }
    expect(judgeLiveness(admitted(down), undefined, judge)).toMatchObject([{ type: 'NodeLost' }])
    expect(judgeLiveness(admitted({ is: 'lost', since: 1, lastHeardAt: 1 }), heard(1), judge)).toEqual([
      { type: 'NodeReturned', boot: BOOT },
    ])
  })
  it('looks at admitted nodes only', () => expect(judgeLiveness(noNode(), heard(1), judge)).toEqual([]))
})
