import { describe, expect } from 'vitest'
import { fc, it, test } from '@fast-check/vitest'
import { added, bytesOf, reportTally, routeTally, tally, tallyCommit, tallySubject } from '../contract/tally.ts'
import type { Folded } from '../aggregate.ts'
import type { Recorded } from '../log.ts'
import { createFold } from './fold.ts'
import type { FoldOptions } from './types.ts'

const newFold = (
  options: Partial<
    FoldOptions<{ tally: ReturnType<typeof tally.initial>; report: ReturnType<typeof tally.initial> }>
  > = {},
) => createFold({ route: routeTally, kinds: { tally, report: reportTally }, ...options })
const message = (seq: number, subject: string, body: unknown): Recorded => ({
  seq,
  subject,
  data: body instanceof Uint8Array ? body : bytesOf(body),
  storedAtMs: 0,
  msgId: `m${seq}`,
})
const stateOf = (fold: ReturnType<typeof newFold>) =>
  [...fold.table('tally').keys()].toSorted().map((key) => {
    const { v, seq, condition, state } = fold.get('tally', key) ?? {}
    return { key, v, seq, condition, state }
  })

/** A log of several subjects: each writes its versions in order, now and then something broken. */
const histories = fc
  .array(
    fc.record({
      subject: fc.constantFrom('a', 'b', 'c', 'foreign'),
      kind: fc.constantFrom('next', 'next', 'next', 'next', 'gap', 'stale', 'junk', 'unknown'),
      n: fc.integer({ min: -5, max: 5 }),
    }),
    { maxLength: 60 },
  )
  .map((steps) => {
    const versions = new Map<string, number>()
    return steps.map(({ subject, kind, n }, index): Recorded => {
      const last = versions.get(subject) ?? 0
      const v = kind === 'gap' ? last + 3 : kind === 'stale' ? Math.max(1, last) : last + 1
      if (kind === 'next') versions.set(subject, v)
      const body =
        kind === 'junk'
          ? Buffer.from(['{"a":1},{"b":2}', '{"s":1', '', 'nul', '[1', '2]'][index % 6] as string)
          : tallyCommit(v, `c${index}`, kind === 'unknown' ? [{ type: 'New' }] : [added(n)])
      return message(index + 1, subject === 'foreign' ? 'evt.other' : tallySubject(subject), body)
    })
  })

describe('a fold', () => {
  test.prop([histories, fc.nat(60)])(
    'comes to the same state message by message, in batches, and resumed',
    (log, cut) => {
      const single = newFold()
      for (const recorded of log) single.apply(recorded)
      const batched = newFold()
      expect(batched.applyBatch(log)).toBe(log.length)
      const resumed = newFold()
      resumed.applyBatch(log.slice(0, cut))
      resumed.applyBatch(log.slice(Math.max(0, cut - 7)))
      expect(stateOf(batched)).toEqual(stateOf(single))
      expect(stateOf(resumed)).toEqual(stateOf(single))
      expect(batched.position).toEqual(single.position)
      expect(batched.quarantined().length).toBe(single.quarantined().length)
    },
  )
  test.prop([histories, fc.infiniteStream(fc.nat(2))])(
    'does not depend on how subjects are interleaved',
    (log, choices) => {
      const inOrder = newFold()
      inOrder.applyBatch(log)
      const lanes = ['a', 'b', 'c'].map((key) => log.filter(({ subject }) => subject === tallySubject(key)))
      const shuffled = newFold()
      while (lanes.some((lane) => lane.length > 0)) {
        const { value } = choices.next()
        const recorded = (lanes[value as number] as Recorded[]).shift()
        if (recorded !== undefined) shuffled.applyAhead(recorded)
      }
      expect(stateOf(shuffled)).toEqual(stateOf(inOrder))
    },
  )
  it('quarantines one aggregate and goes on with the others', () => {
    const fold = newFold()
    fold.applyBatch([
      message(1, tallySubject('a'), tallyCommit(1, 'x')),
      message(2, tallySubject('a'), tallyCommit(3, 'y')),
      message(3, tallySubject('a'), tallyCommit(2, 'z')),
      message(4, tallySubject('b'), tallyCommit(1, 'x')),
    ])
    expect(fold.get('tally', 'a')).toMatchObject({ v: 1, seq: 3, condition: { is: 'quarantined', sinceSeq: 2 } })
    expect(fold.get('tally', 'b')).toMatchObject({ v: 1, condition: { is: 'ok' } })
    expect(fold.quarantined().map(({ key }) => key)).toEqual(['a'])
  })
  it('quarantines what the folding itself cannot digest', () => {
    const fold = createFold({
      route: routeTally,
      kinds: {
        tally: {
          ...tally,
          applyCommit: () => {
            throw new Error('odd body')
          },
        },
        report: reportTally,
      },
    })
    expect(fold.apply(message(1, tallySubject('a'), tallyCommit(1, 'x')))).toBe('quarantined')
    expect(fold.get('tally', 'a')?.condition).toMatchObject({ detail: expect.stringContaining('odd body') })
  })
  it('meets its own acknowledged commit again as a duplicate, and its position moves with the follower only', () => {
    const told: Folded[] = []
    const fold = newFold({ onFolded: (folded) => told.push(folded) })
    fold.applyCommit(tallySubject('a'), 7, tallyCommit(1, 'x'), bytesOf(tallyCommit(1, 'x')))
    expect(fold.position).toBeUndefined()
    expect(fold.apply(message(7, tallySubject('a'), tallyCommit(1, 'x')))).toBe('duplicate')
    expect(fold.position?.seq).toBe(7)
    expect(fold.get('tally', 'a')?.state.sum).toBe(1)
    expect(told.map(({ seq, admission }) => [seq, admission])).toEqual([
      [7, 'admitted'],
      [7, 'duplicate'],
    ])
  })
  it('stops a batch before a checkpoint whose state was not provided, and goes on from there', () => {
    const fold = newFold()
    const event = { type: 'Checkpointed', upto: 5, object: 'o', sha256: 'h' }
    const batch = [
      message(1, tallySubject('b'), tallyCommit(1, 'x')),
      message(6, tallySubject('a'), tallyCommit(9, 'k', [event])),
      message(7, tallySubject('a'), tallyCommit(10, 'y')),
    ]
    expect(fold.applyBatch(batch)).toBe(1)
    expect(fold.position?.seq).toBe(1)
    expect(fold.missingCheckpoint(batch[1] as Recorded)).toMatchObject({ object: 'o' })
    const state = { sum: 40, commits: 8, cmds: [] }
    fold.provide('o', { s: 1, subject: tallySubject('a'), upto: 5, v: 8, state })
    expect(fold.applyBatch(batch, 1)).toBe(3)
    expect(fold.get('tally', 'a')).toMatchObject({ v: 10, state: { sum: 41 }, condition: { is: 'ok' } })
  })
  it('takes the last announced boot of a node for its writer', () => {
    const fold = newFold()
    const say = (seq: number, cmd: string, ...types: string[]) =>
      fold.apply(
        message(
          seq,
          'evt.report.n1',
          tallyCommit(
            Number(cmd.split('/')[1]),
            cmd,
            types.map((type) => ({ type, n: 1 })),
          ),
        ),
      )
    expect(say(1, 'A/1', 'NodeAnnounced')).toBe('admitted')
    expect(say(2, 'A/5', 'Added')).toBe('admitted')
    expect(say(3, 'B/1', 'NodeAnnounced')).toBe('admitted')
    expect(say(4, 'A/6', 'Added')).toBe('ignored')
    expect(say(5, 'A/1001', 'NodeAnnounced')).toBe('ignored')
    expect(say(6, 'B/2', 'Added')).toBe('admitted')
    expect(fold.get('report', 'n1')?.state.sum).toBe(2)
  })
  it('leaves a forged report out, and the true one of the same version in', () => {
    const writerOf = (key: string): string => `node:${key}`
    const seen: Folded[] = []
    const fold = newFold({
      kinds: { tally, report: { ...reportTally, writerOf } },
      onFolded: (folded) => seen.push(folded),
    })
    const say = (v: number, boot: string, by: string, type = 'Added') => {
      const commit = { ...tallyCommit(v, `${boot}/${v}`, [{ type, n: 1 } as { type: string }]), by }
      return fold.apply(message(seen.length + 1, 'evt.report.n1', commit))
    }
    expect(say(1, 'A', 'node:n1', 'NodeAnnounced')).toBe('admitted')
    expect(say(2, 'A', 'node:n2')).toBe('forged')
    expect(say(1, 'B', 'service:api', 'NodeAnnounced')).toBe('forged')
    expect(fold.get('report', 'n1')).toMatchObject({ v: 1, seq: 3, condition: { is: 'ok' }, state: { sum: 0 } })
    expect(say(2, 'A', 'node:n1')).toBe('admitted')
    expect(fold.get('report', 'n1')).toMatchObject({ v: 2, seq: 4, state: { sum: 1, cmds: ['A/1', 'A/2'] } })
    expect(seen.map(({ admission }) => admission)).toEqual(['admitted', 'forged', 'forged', 'admitted'])
  })
})
