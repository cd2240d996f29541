import { describe, expect } from 'vitest'
import { fc, it, test } from '@fast-check/vitest'
import type { AnyCommit } from './any-commit.ts'
import { tallyCommit } from './contract/tally.ts'
import { judge, type FencePosition, type FenceRules } from './fence.ts'

const strict: FenceRules = { fence: 'strict', knows: (type) => type === 'Added' }
const report: FenceRules = { fence: 'report', knows: (type) => type === 'Added' || type === 'NodeAnnounced' }
const at = (v: number, position: Partial<FencePosition> = {}): FencePosition => ({
  key: 'n1',
  v,
  seq: v * 10,
  cmd: v === 0 ? '' : `c${v}`,
  condition: { is: 'ok' },
  ...position,
})
const gap = { is: 'quarantined', sinceSeq: 1, detail: '' } as const
const newer = { is: 'read_only', sinceSeq: 1, detail: '' } as const
const checkpoint = [{ type: 'Checkpointed', upto: 1, object: 'o', sha256: 'x' }]
const announced = [{ type: 'NodeAnnounced' }]
const notJson = { reason: 'not_json', detail: '' } as const
const newerSchema = { reason: 'newer_schema', detail: '' } as const

describe('the fence of a strict subject', () => {
  test.prop([fc.nat({ max: 50 }), fc.nat({ max: 60 })])(
    'admits exactly the next version of a known event on a healthy aggregate',
    (last, v) => {
      const verdict = judge(strict, at(last), last * 10 + 1, tallyCommit(v, `new${v}`))
      expect(verdict === 'admitted').toBe(v === last + 1)
      if (v > last + 1) expect(verdict).toBe('quarantined')
      if (v <= last) expect(verdict).toBe('stale')
    },
  )
  test.prop([fc.nat(100), fc.nat(100), fc.nat(100)])(
    'calls what was read before a duplicate, whatever it says',
    (seq, below, v) => {
      expect(judge(strict, at(3, { seq }), Math.max(0, seq - below), tallyCommit(v, 'x'))).toBe('duplicate')
    },
  )
  it.each<[string, FencePosition, AnyCommit | undefined, string]>([
    ['a repeat of the last command', at(3), tallyCommit(3, 'c3'), 'duplicate'],
    ['a stale writer', at(3), tallyCommit(3, 'other'), 'stale'],
    ['a checkpoint over a gap', at(3), tallyCommit(9, 'k', checkpoint), 'admitted'],
    ['a checkpoint that lifts a quarantine', at(3, { condition: gap }), tallyCommit(4, 'k', checkpoint), 'admitted'],
    ['a checkpoint that is not newer', at(3), tallyCommit(3, 'k', checkpoint), 'stale'],
    ['the next version in quarantine', at(3, { condition: gap }), tallyCommit(4, 'x'), 'quarantined'],
    ['a stale writer in quarantine', at(3, { condition: gap }), tallyCommit(2, 'x'), 'stale'],
    ['an unknown event', at(3), tallyCommit(4, 'x', [{ type: 'FromTheFuture' }]), 'read_only'],
    ['anything after a newer release wrote', at(3, { condition: newer }), tallyCommit(4, 'x'), 'read_only'],
    [
      'a checkpoint after a newer release wrote',
      at(3, { condition: newer }),
      tallyCommit(4, 'k', checkpoint),
      'read_only',
    ],
  ])('%s', (_, position, commit, verdict) => {
    expect(judge(strict, position, 1000, commit)).toBe(verdict)
  })
  it('tells a remembered command from a stale writer', () => {
    expect(judge({ ...strict, remembers: (cmd) => cmd === 'old' }, at(3), 99, tallyCommit(1, 'old'))).toBe('duplicate')
  })
  it('quarantines unreadable bytes, and reads only after bytes of a newer schema', () => {
    expect(judge(strict, at(3), 99, undefined, notJson)).toBe('quarantined')
    expect(judge(strict, at(3), 99, undefined, newerSchema)).toBe('read_only')
    expect(judge(strict, at(3, { condition: gap }), 99, undefined, newerSchema)).toBe('read_only')
  })
})

describe('the fence of a report subject', () => {
  const within = at(5, { cmd: 'B/5' })
  it.each<[string, FencePosition, AnyCommit | undefined, string]>([
    ['the first announcement of a node', at(0), tallyCommit(1, 'A/1', announced), 'admitted'],
    ['a transition before any announcement', at(0), tallyCommit(1, 'A/1'), 'ignored'],
    ['an announcement whose past was purged', at(0), tallyCommit(1001, 'A/1001', announced), 'admitted'],
    ['the next version', within, tallyCommit(6, 'B/6'), 'admitted'],
    ['a gap within a boot', within, tallyCommit(60, 'B/60'), 'admitted'],
    ['an old version', within, tallyCommit(4, 'B/4'), 'stale'],
    ['the same command', within, tallyCommit(5, 'B/5'), 'duplicate'],
    ['a later boot', within, tallyCommit(1, 'C/1', announced), 'admitted'],
    ['a transition of another boot', within, tallyCommit(6, 'C/6'), 'ignored'],
    ['a former boot that goes on', within, tallyCommit(1001, 'A/1001', announced), 'ignored'],
    ['an unknown boot whose start was purged', within, tallyCommit(1001, 'C/1001', announced), 'admitted'],
    ['an unknown event', within, tallyCommit(6, 'B/6', [{ type: 'FromTheFuture' }]), 'ignored'],
    ['a checkpoint', within, tallyCommit(6, 'B/6', checkpoint), 'ignored'],
    ['a command id without a boot', within, tallyCommit(6, 'B'), 'ignored'],
    ['unreadable bytes', within, undefined, 'ignored'],
  ])('%s', (_, position, commit, verdict) => {
    expect(judge(report, position, 1000, commit, notJson)).toBe(verdict)
  })
  it('takes whatever the subject’s node did not sign for forged, and what it did sign as ever', () => {
    const signed = { ...report, writerOf: (key: string) => `node:${key}` }
    const forged = [tallyCommit(6, 'B/6'), tallyCommit(4, 'B/4'), tallyCommit(1, 'C/1', announced), tallyCommit(6, 'B')]
    for (const commit of forged) {
      expect(judge(signed, within, 1000, commit)).toBe('forged')
      expect(judge(signed, { ...within, key: 'n2' }, 1000, { ...commit, by: 'node:n1' })).toBe('forged')
    }
    const own = forged.map((commit) => judge(signed, within, 1000, { ...commit, by: 'node:n1' }))
    expect(own).toEqual(['admitted', 'stale', 'admitted', 'ignored'])
    expect(judge(signed, within, within.seq, tallyCommit(6, 'B/6'))).toBe('duplicate')
    expect(judge(signed, within, 1000, undefined, notJson)).toBe('ignored')
  })
  test.prop([fc.array(fc.record({ boot: fc.constantFrom('A', 'B'), v: fc.nat(5), announce: fc.boolean() }))])(
    'never quarantines',
    (messages) => {
      for (const [index, { boot, v, announce }] of messages.entries()) {
        const verdict = judge(
          report,
          within,
          1000 + index,
          tallyCommit(v, `${boot}/${v}`, announce ? announced : undefined),
        )
        expect(['admitted', 'duplicate', 'stale', 'ignored']).toContain(verdict)
      }
    },
  )
})
