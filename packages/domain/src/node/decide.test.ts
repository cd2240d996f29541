/** What people may do to a node, and when. */
import type { BootId, Commit, Labels, NodeEvent, NodeId } from '@dunlin/contracts'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { nodeFromJson, nodeToJson } from './codec.ts'
import { decideNode, DEFAULT_DRAIN_MS, MOST_LABELS, possibleNodeVerbs, type NodeCommand } from './decide.ts'
import { foldNodeCommit, noNode, type NodeState } from './state.ts'

const id = 'edge-1' as NodeId
const BOOT = '01J00000000000000000000000' as BootId
const NOW = 1_700_000_000_000

interface Extra {
  readonly id?: string
  readonly req?: string
  readonly src?: { readonly created: string; readonly seq: number }
  readonly at?: number
  readonly notAfter?: number
  readonly reason?: string
}
type Own =
  | { readonly verb: 'approve' | 'cordon' | 'uncordon' }
  | { readonly verb: 'label'; readonly set?: Labels; readonly remove?: readonly string[] }
  | { readonly verb: 'drain'; readonly deadlineMs?: number }
  | { readonly verb: 'remove'; readonly force?: boolean }
const asked = (own: Own, extra: Extra = {}): NodeCommand => {
  const head = { id: 'c1', at: NOW, node: id, ...extra }
  if (own.verb === 'label') return { set: {}, remove: [], ...own, ...head }
  return own.verb === 'remove' ? { force: false, ...own, ...head } : { ...own, ...head }
}

let seq = 0
const fold = (node: NodeState, ev: readonly NodeEvent[], more: Partial<Commit<NodeEvent>> = {}): NodeState =>
  foldNodeCommit(node, { s: 1, v: 1, cmd: 'c', by: 'user:ann', at: NOW, ev, ...more }, (seq += 1))
const admitted = (...more: NodeEvent[]): NodeState =>
  fold(noNode(), [{ type: 'NodeAdmitted', node: id, policy: 'loopback' }, ...more])
const enrolled = (): NodeState =>
  fold(noNode(), [{ type: 'NodeEnrolled', node: id, publicKey: 'UA', token: 't', labels: { site: 'a' } }])
const connected = (): NodeState => admitted({ type: 'NodeConnected', boot: BOOT })
const removed = (before = admitted()): NodeState => fold(before, [{ type: 'NodeRemoved' }])

/** The types of the events, `unchanged`, or the code of the refusal. */
const answerTo = (node: NodeState, own: Own, extra?: Extra): string => {
  const decision = decideNode(node, asked(own, extra))
  if (!decision.ok) return decision.error.code
  return decision.result.unchanged
    ? 'unchanged'
    : decision.commits
        .flat()
        .map(({ type }) => type)
        .join()
}

describe('commands to a node', () => {
  const cordoned = () => admitted({ type: 'NodeCordoned' })
  const draining = (deadlineAt?: number) =>
    admitted({ type: 'NodeDrained', ...(deadlineAt === undefined ? {} : { deadlineAt }) })
  it.each<[string, () => NodeState, Own, string]>([
    ['nobody knows it', noNode, { verb: 'cordon' }, 'node_not_found'],
    ['nobody knows it', noNode, { verb: 'approve' }, 'node_not_found'],
    ['it waits for a person', enrolled, { verb: 'approve' }, 'NodeAdmitted'],
    ['it waits for a person', enrolled, { verb: 'cordon' }, 'NodeCordoned'],
    ['it is admitted', admitted, { verb: 'approve' }, 'unchanged'],
    ['it is open', admitted, { verb: 'cordon' }, 'NodeCordoned'],
    ['it is open', admitted, { verb: 'uncordon' }, 'unchanged'],
    ['it is cordoned', cordoned, { verb: 'cordon' }, 'unchanged'],
    ['it is cordoned', cordoned, { verb: 'uncordon' }, 'NodeUncordoned'],
    ['it is cordoned', cordoned, { verb: 'drain' }, 'NodeDrained'],
    ['it is draining', draining, { verb: 'cordon' }, 'unchanged'],
    ['it is draining', draining, { verb: 'uncordon' }, 'NodeUncordoned'],
    ['it is draining', () => draining(NOW + 5), { verb: 'drain' }, 'unchanged'],
    ['it is draining', () => draining(NOW + 5), { verb: 'drain', deadlineMs: 10 }, 'NodeDrained'],
    ['it is drained at once', draining, { verb: 'drain', deadlineMs: 0 }, 'unchanged'],
    ['it is connected', connected, { verb: 'remove' }, 'wrong_state'],
    ['it is connected', connected, { verb: 'remove', force: true }, 'NodeRemoved'],
    ['it is not connected', admitted, { verb: 'remove' }, 'NodeRemoved'],
    ['it was removed', removed, { verb: 'remove' }, 'unchanged'],
    ['it was removed', removed, { verb: 'cordon' }, 'wrong_state'],
    ['it was removed and never had a key', removed, { verb: 'approve' }, 'NodeAdmitted'],
    ['it was removed with its key', () => removed(enrolled()), { verb: 'approve' }, 'wrong_state'],
  ])('%s: %o gives %s', (_, node, own, answer) => expect(answerTo(node(), own)).toBe(answer))

  it('a refusal names what is possible', () => {
    const decision = decideNode(connected(), asked({ verb: 'remove' }))
    expect(decision).toMatchObject({
      ok: false,
      error: {
        code: 'wrong_state',
        data: { connection: 'connected', possible: ['label', 'cordon', 'uncordon', 'drain'] },
      },
    })
  })
  it('a drain lasts a quarter of an hour unless it says otherwise', () => {
    const deadlineOf = (own: Own) => {
      const decision = decideNode(admitted(), asked(own))
      return decision.ok ? decision.commits.flat()[0] : undefined
    }
    expect(deadlineOf({ verb: 'drain' })).toEqual({ type: 'NodeDrained', deadlineAt: NOW + DEFAULT_DRAIN_MS })
    expect(deadlineOf({ verb: 'drain', deadlineMs: 7 })).toEqual({ type: 'NodeDrained', deadlineAt: NOW + 7 })
    expect(deadlineOf({ verb: 'drain', deadlineMs: 0 })).toEqual({ type: 'NodeDrained' })
  })
  it('a removed node is neither connected nor cordoned, and its key is refused', () => {
    const gone = removed(fold(enrolled(), [{ type: 'NodeConnected', boot: BOOT }, { type: 'NodeCordoned' }]))
    expect(gone).toMatchObject({
      admission: 'removed',
      connection: { is: 'never' },
      scheduling: { is: 'open' },
      revokedKeys: ['UA'],
    })
  })
  test.prop([
    fc.constantFrom(noNode(), enrolled(), admitted(), connected(), removed(), removed(enrolled()), cordoned()),
  ])('every verb that is called possible is possible, and no other', (node) => {
    const own: Record<string, Own> = {
      label: { verb: 'label', set: { a: '1' } },
      remove: { verb: 'remove', force: true },
    }
    const possible = possibleNodeVerbs(node)
    for (const verb of ['approve', 'label', 'cordon', 'uncordon', 'drain', 'remove'] as const) {
      const answer = answerTo(node, own[verb] ?? { verb: verb as 'cordon' })
      expect([verb, /^(Node|unchanged)/.test(answer)]).toEqual([
        verb,
        possible.includes(verb) || (verb === 'approve' && answer === 'unchanged'),
      ])
    }
  })
})

describe('labels', () => {
  const labelled = admitted({ type: 'NodeLabelled', labels: { ring: 'canary', disk: 'ssd' } })
  it('are set and removed, and the others stay', () => {
    const decision = decideNode(labelled, asked({ verb: 'label', set: { ring: 'broad', rack: '7' }, remove: ['disk'] }))
    expect(decision.ok && decision.commits.flat()).toEqual([
      { type: 'NodeLabelled', labels: { ring: 'broad', rack: '7' } },
    ])
  })
  it.each<[Own, string]>([
    [{ verb: 'label', set: { ring: 'canary' } }, 'unchanged'],
    [{ verb: 'label', remove: ['rack'] }, 'unchanged'],
    [{ verb: 'label', set: { 'dunlin.io/os': 'plan9' } }, 'invalid_command'],
    [{ verb: 'label', remove: ['expanso.io/x'] }, 'invalid_command'],
    [{ verb: 'label', set: { 'dunlin.io/site': 'hull' } }, 'NodeLabelled'],
    [{ verb: 'label', set: { a: '1' }, remove: ['a'] }, 'invalid_command'],
    [
      { verb: 'label', set: Object.fromEntries(Array.from({ length: MOST_LABELS }, (_, n) => [`k${n}`, 'v'])) },
      'invalid_command',
    ],
  ])('%o: %s', (own, answer) => expect(answerTo(labelled, own)).toBe(answer))
})

describe('a command that comes again', () => {
  const head = { id: 'mine', req: 'r1' }
  const noted = (node: NodeState, own: Own): NodeState => {
    const decision = decideNode(node, asked(own, head))
    if (!decision.ok) throw decision.error
    return fold(node, decision.commits.flat(), { cmd: head.id, req: head.req })
  }
  it('is answered as before and writes nothing, also when it changed nothing, also after a snapshot', () => {
    for (const [before, own, unchanged] of [
      [admitted(), { verb: 'cordon' }, false],
      [admitted(), { verb: 'uncordon' }, true],
    ] as const) {
      const node = nodeFromJson(structuredClone(nodeToJson(noted(before, own))))
      const later = fold(node, [{ type: 'NodeCordoned' }])
      expect(decideNode(later, asked(own, head))).toEqual({ ok: true, commits: [], result: { unchanged } })
    }
  })
  it('with another body is refused', () =>
    expect(answerTo(noted(admitted(), { verb: 'cordon' }), { verb: 'drain' }, { ...head, req: 'r2' })).toBe(
      'idempotency_key_reused',
    ))
  it('is refused after a later one of the same queue, and after its time', () => {
    const node = fold(admitted(), [{ type: 'NodeCordoned' }], { src: { created: 'then', seq: 9 } })
    expect(answerTo(node, { verb: 'uncordon' }, { src: { created: 'then', seq: 8 } })).toBe('overtaken')
    expect(answerTo(node, { verb: 'uncordon' }, { src: { created: 'then', seq: 10 } })).toBe('NodeUncordoned')
    expect(answerTo(node, { verb: 'uncordon' }, { notAfter: NOW - 1 })).toBe('expired')
  })
})
