import { describe, expect } from 'vitest'
import { fc, it, test } from '@fast-check/vitest'
import { createHash } from 'node:crypto'
import { DunlinError } from '@dunlin/contracts/agent'
import { added, addOnce, bytesOf, reportTally, routeTally, tally, tallySubject, type Tally } from '../contract/tally.ts'
import type { Aggregate } from '../aggregate.ts'
import type { AnyCommit } from '../any-commit.ts'
import { createFold } from '../fold/fold.ts'
import type { Log } from '../log.ts'
import { createMemoryStore, type MemoryStore } from '../memory/index.ts'
import { createCommandHandler } from './handle-command.ts'
import type { Decision } from './types.ts'

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')
const clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs: number, run: () => void) => {
    const handle = setTimeout(run, Math.min(delayMs, 2))
    return { cancel: () => clearTimeout(handle) }
  },
}

/** A writer as a service is one: its own fold and handler, with or without a follower. */
const writer = (log: Log, follows = false) => {
  const fold = createFold({ route: routeTally, kinds: { tally, report: reportTally } })
  if (follows) log.follow(undefined, { onBatch: (batch) => void fold.applyBatch(batch) })
  const handler = createCommandHandler({ log, fold, sha256, clock })
  const run = (
    key: string,
    id: string,
    decide: (aggregate: Aggregate<Tally>) => Decision = addOnce(id),
    req?: string,
  ) =>
    handler.handle({
      subject: tallySubject(key),
      kind: 'tally',
      key,
      command: { id, by: 'service:test', at: 5, ...(req === undefined ? {} : { req }) },
      decide,
    })
  return { fold, handler, run }
}
const replay = async (store: MemoryStore, key: string) => {
  const fold = createFold({ route: routeTally, kinds: { tally, report: reportTally } })
  for await (const recorded of store.log.read(tallySubject(key))) fold.apply(recorded)
  return fold.get('tally', key)
}

describe('the command handler', () => {
  it('appends a decision, folds its own commit at once and tells where it stands', async () => {
    const store = createMemoryStore()
    const { run, fold } = writer(store.log)
    expect(await run('a', 'c1')).toMatchObject({ ok: true, seq: 1, v: 1, committed: 1 })
    expect(fold.get('tally', 'a')?.state.sum).toBe(1)
    expect(await run('a', 'c1')).toMatchObject({ ok: true, seq: 1, v: 1, committed: 0 })
    expect((await store.log.info()).lastSeq).toBe(1)
  })
  it('writes a refusal nowhere', async () => {
    const store = createMemoryStore()
    const error = new DunlinError('wrong_state')
    expect(await writer(store.log).run('a', 'c1', () => ({ ok: false, error }))).toEqual({ ok: false, error })
    expect((await store.log.info()).lastSeq).toBe(0)
  })
  it('runs decisions on one subject one after another, each on the state that the one before left', async () => {
    const store = createMemoryStore()
    const { run, handler } = writer(store.log)
    const seen: number[] = []
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        run('a', `c${index}`, ({ state }) => {
          seen.push(state.sum)
          return { ok: true, commits: [[added(1)]] }
        }),
      ),
    )
    expect(results.every((result) => result.ok)).toBe(true)
    expect(seen).toEqual(Array.from({ length: 200 }, (_, index) => index))
    expect(handler.pending).toBe(0)
  })
  it('survives ten thousand queued refusals without a deep stack', async () => {
    const { run } = writer(createMemoryStore().log)
    const error = new DunlinError('wrong_state')
    const first = run('a', 'first')
    const rest = Array.from({ length: 10_000 }, (_, index) => run('a', `c${index}`, () => ({ ok: false, error })))
    expect((await first).ok).toBe(true)
    expect((await Promise.all(rest)).every((result) => !result.ok)).toBe(true)
  })
  it('appends the parts of one decision one after another under one command id', async () => {
    const store = createMemoryStore()
    const result = await writer(store.log).run('a', 'c1', () => ({
      ok: true,
      commits: [[added(1)], [added(2)], [added(3)]],
    }))
    expect(result).toMatchObject({ ok: true, seq: 3, v: 3, committed: 3 })
    expect((await replay(store, 'a'))?.state).toEqual({ sum: 6, commits: 3, cmds: ['c1', 'c1', 'c1'] })
  })
  it('continues a decision of parts whose acknowledgements were lost, doubling none', async () => {
    const store = createMemoryStore()
    store.faults.log.loseNextAcks(2)
    const result = await writer(store.log).run('a', 'c1', () => ({
      ok: true,
      commits: [[added(1)], [added(2)], [added(3)]],
    }))
    expect(result).toMatchObject({ ok: true, seq: 3, v: 3, committed: 3 })
    expect((await replay(store, 'a'))?.state.sum).toBe(6)
  })
  it('decides again after a conflict, on the state that was first', async () => {
    const store = createMemoryStore()
    const one = writer(store.log)
    const two = writer(store.log)
    await one.run('a', 'c1')
    const seen: number[] = []
    const result = await two.run('a', 'c2', ({ state }) => {
      seen.push(state.sum)
      return { ok: true, commits: [[added(1)]] }
    })
    expect(result).toMatchObject({ ok: true, seq: 2, v: 2 })
    expect(seen).toEqual([0, 1])
  })
  it('gives up with log_busy when others are always first', async () => {
    const store = createMemoryStore()
    const rival = writer(store.log)
    const log: Log = {
      ...store.log,
      append: async (request) => {
        await rival.run('a', `r${performance.now()}`)
        return store.log.append(request)
      },
    }
    const result = await writer(log).run('a', 'c')
    expect(result).toMatchObject({ ok: false, error: { code: 'log_busy', retryable: true } })
  })
  it('does not take an id that was reused with another body for its own commit', async () => {
    const store = createMemoryStore()
    await writer(store.log).run('a', 'c1', undefined, 'body1')
    const decisions: number[] = []
    const reused = new DunlinError('idempotency_key_reused')
    const result = await writer(store.log).run(
      'a',
      'c1',
      ({ state }) => {
        decisions.push(state.commits)
        return state.cmds.includes('c1') ? { ok: false, error: reused } : { ok: true, commits: [[added(1)]] }
      },
      'body2',
    )
    expect(result).toEqual({ ok: false, error: reused })
    expect(decisions).toEqual([0, 1])
  })
  it('stores one command id on two subjects twice', async () => {
    const store = createMemoryStore()
    const { run } = writer(store.log)
    expect(await run('a', 'same')).toMatchObject({ ok: true, seq: 1 })
    expect(await run('b', 'same')).toMatchObject({ ok: true, seq: 2, committed: 1 })
  })
  it('refuses to decide on a quarantined aggregate and on one that a newer release wrote', async () => {
    const store = createMemoryStore()
    const { run, fold } = writer(store.log)
    await run('a', 'c1')
    await run('b', 'c1')
    const foldOwn = (key: string, seq: number, commit: AnyCommit): unknown =>
      fold.applyCommit(tallySubject(key), seq, commit, bytesOf(commit))
    foldOwn('a', 10, { s: 1, v: 9, cmd: 'x', by: 'service:test', at: 1, ev: [added(1)] })
    foldOwn('b', 11, { s: 1, v: 2, cmd: 'x', by: 'service:test', at: 1, ev: [{ type: 'New' }] })
    expect(await run('a', 'c2')).toMatchObject({ ok: false, error: { code: 'log_gap' } })
    expect(await run('b', 'c2')).toMatchObject({ ok: false, error: { code: 'needs_upgrade' } })
  })
  it('refuses a commit that does not fit into one message before it writes any part', async () => {
    const store = createMemoryStore()
    const large = { type: 'Noted', text: 'x'.repeat(1024 * 1024) }
    const result = await writer(store.log).run('a', 'c1', () => ({ ok: true, commits: [[added(1)], [large]] }))
    expect(result).toMatchObject({ ok: false, error: { code: 'commit_too_large', retryable: false } })
    expect((await store.log.info()).lastSeq).toBe(0)
  })
  it.each(['log_full', 'log_unavailable'] as const)('surfaces %s as an error that a retry may mend', async (code) => {
    const store = createMemoryStore()
    const { run } = writer(store.log)
    store.faults.log.refuseAppends(code)
    expect(await run('a', 'c1')).toMatchObject({ ok: false, error: { code, retryable: true } })
    store.faults.log.refuseAppends(undefined)
    expect(await run('a', 'c1')).toMatchObject({ ok: true, seq: 1 })
  })
  it('says log_rewound when the log ends below what was folded', async () => {
    const store = createMemoryStore()
    const { run } = writer(store.log)
    await run('a', 'c1')
    await run('a', 'c2')
    store.faults.log.rewindTo(1)
    expect(await run('a', 'c3')).toMatchObject({ ok: false, error: { code: 'log_rewound' } })
  })
  it('turns a decider that throws into an error and goes on with the next command', async () => {
    const { run } = writer(createMemoryStore().log)
    const broken = await run('a', 'c1', () => {
      throw new TypeError('bug')
    })
    expect(broken).toMatchObject({ ok: false, error: { code: 'internal' } })
    expect(await run('a', 'c2')).toMatchObject({ ok: true })
  })
  it('never gives a commit an earlier instant than the one before it', async () => {
    const store = createMemoryStore()
    const { fold, run } = writer(store.log)
    const old: AnyCommit = { s: 1, v: 1, cmd: 'x', by: 'service:test', at: 900, ev: [] }
    fold.applyCommit(tallySubject('a'), 0, old, bytesOf(old))
    await run('b', 'c1')
    expect(fold.get('tally', 'b')?.at).toBe(5)
    const rival = writer(store.log)
    await rival.handler.handle({
      subject: tallySubject('b'),
      kind: 'tally',
      key: 'b',
      command: { id: 'late', by: 'service:test', at: 700 },
      decide: addOnce('late'),
    })
    await run('b', 'c2')
    expect((await replay(store, 'b'))?.at).toBe(700)
  })

  const plans = fc.array(
    fc.record({
      writer: fc.nat(2),
      key: fc.constantFrom('a', 'b'),
      fault: fc.constantFrom<'none' | 'asks_again' | 'gives_up' | 'refuse' | 'crash'>(
        'none',
        'none',
        'none',
        'asks_again',
        'gives_up',
        'refuse',
        'crash',
      ),
    }),
    { maxLength: 25 },
  )
  test.prop([plans], { numRuns: 60 })(
    'under conflicts, lost answers and crashes no command is lost or done twice',
    async (plan) => {
      const store = createMemoryStore()
      const writers = [writer(store.log, true), writer(store.log, false), writer(store.log, true)]
      const wanted = new Map<string, number>()
      await Promise.all(
        plan.map(async ({ writer: index, key, fault }, number) => {
          const id = `c${number}`
          if (fault === 'asks_again' || fault === 'gives_up') store.faults.log.loseNextAcks(1, fault)
          if (fault === 'refuse') {
            store.faults.log.refuseAppends('log_unavailable')
            queueMicrotask(() => queueMicrotask(() => store.faults.log.refuseAppends(undefined)))
          }
          // A crash: the process is gone with its fold, and another one is told the same command.
          if (fault === 'crash') {
            void (writers[index] as ReturnType<typeof writer>).run(key, id)
            writers[index] = writer(store.log, number % 2 === 0)
          }
          wanted.set(key, (wanted.get(key) ?? 0) + 1)
          for (let attempt = 0; attempt < 50; attempt++) {
            const result = await (writers[index] as ReturnType<typeof writer>).run(key, id)
            if (result.ok) return
            expect(result.error.retryable).toBe(true)
          }
          throw new Error(`command ${id} never succeeded`)
        }),
      )
      for (const [key, count] of wanted) {
        const aggregate = await replay(store, key)
        expect(aggregate).toMatchObject({ v: count, condition: { is: 'ok' }, state: { sum: count } })
      }
    },
  )
})
