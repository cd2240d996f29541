import { describe, expect, it } from 'vitest'
import { wallClock } from '../clock.ts'
import { sha256Hex, tallyFold, tallyWriter, type TallyKinds } from '../contract/stage.ts'
import { bytesOf, reportTally, routeTally, tally, tallyCommit, tallySubject } from '../contract/tally.ts'
import { fetchState } from '../fold/fetch-state.ts'
import { createFold } from '../fold/fold.ts'
import { followInto } from '../follow/follow-into.ts'
import type { Fold } from '../fold/types.ts'
import { createMemoryStore, type MemoryStore } from '../memory/index.ts'
import { compactAggregate } from './compact-aggregate.ts'
import { compactLog } from './compact-log.ts'
import { planCompaction } from './plan.ts'
import { readHistory } from './read-history.ts'
import type { CompactOptions, CompactStep } from './types.ts'

const target = (key: string) => ({ kind: 'tally', key, subject: tallySubject(key) })
const optionsOf = (
  store: MemoryStore,
  fold: Fold<TallyKinds>,
  onStep?: CompactOptions<TallyKinds>['onStep'],
): CompactOptions<TallyKinds> => ({
  log: store.log,
  archive: store.archive,
  fold,
  sha256: sha256Hex,
  clock: wallClock,
  logSubject: 'evt.log',
  ...(onStep === undefined ? {} : { onStep }),
})

/** What any process makes of the log as it is now. */
const replay = async (store: MemoryStore) => {
  const fold = tallyFold()
  const follower = followInto(fold, store.log, { archive: store.archive })
  await follower.caughtUp
  await follower.stop()
  return fold
}
/** What the archives and the log together say, commit by commit. */
const wholeStory = async (store: MemoryStore, subject: string) => {
  const fold = tallyFold()
  const history = { log: store.log, archive: store.archive, logSubject: 'evt.log', sha256: sha256Hex }
  const seqs: number[] = []
  for await (const recorded of readHistory(history, subject)) {
    const missing = fold.missingCheckpoint(recorded)
    if (missing !== undefined) fold.provide(missing.object, await fetchState(store.archive, missing, sha256Hex))
    expect(fold.apply(recorded)).toBe('admitted')
    seqs.push(recorded.seq)
  }
  return { fold, seqs }
}
const given = async (commits: number) => {
  const store = createMemoryStore()
  const writer = tallyWriter(store.log, wallClock)
  for (let n = 0; n < commits; n++) {
    await writer.add('a', `c${n}`, n)
    await writer.add('b', `c${n}`, 1)
  }
  return { store, writer, before: structuredClone(writer.fold.get('tally', 'a')?.state) }
}

describe('compaction of an aggregate', () => {
  it('leaves one checkpoint that folds to the same state, and the whole story in the archive', async () => {
    const { store, writer, before } = await given(20)
    const result = await compactAggregate(optionsOf(store, writer.fold), target('a'))
    expect(result).toMatchObject({ done: true, purged: 20 })
    const left: number[] = []
    for await (const { seq } of store.log.read(tallySubject('a'))) left.push(seq)
    expect(left).toEqual([writer.fold.folded(tallySubject('a'))])
    const fold = await replay(store)
    expect(fold.get('tally', 'a')).toMatchObject({ v: 21, condition: { is: 'ok' }, state: before })
    expect(fold.get('tally', 'b')?.state.sum).toBe(20)
    const story = await wholeStory(store, tallySubject('a'))
    expect(story.seqs.length).toBe(21)
    expect(story.fold.get('tally', 'a')).toEqual(fold.get('tally', 'a'))
    expect(await writer.add('a', 'next', 5)).toMatchObject({ ok: true, v: 22 })
  })
  it('again and again keeps the whole story', async () => {
    const { store, writer } = await given(3)
    for (let round = 0; round < 3; round++) {
      await compactAggregate(optionsOf(store, writer.fold), target('a'))
      for (let n = 0; n < 3; n++) await writer.add('a', `r${round}/${n}`, 7)
    }
    const { fold, seqs } = await wholeStory(store, tallySubject('a'))
    expect(seqs).toEqual([...new Set(seqs)].toSorted((x, y) => x - y))
    expect(seqs.length).toBe(3 + 3 + 9)
    expect(fold.get('tally', 'a')?.state).toEqual(writer.fold.get('tally', 'a')?.state)
    expect(await compactAggregate(optionsOf(store, await replay(store)), target('none'))).toMatchObject({ done: false })
  })

  const steps: CompactStep[] = ['history_stored', 'history_noted', 'state_stored', 'checkpointed', 'purged']
  for (const crashAt of steps) {
    for (const writes of [0, 2]) {
      it(`that crashed after ${crashAt}, with ${writes} commits before the next run, loses nothing`, async () => {
        const { store, writer } = await given(12)
        const crash = (step: CompactStep): void => {
          if (step === crashAt) throw new Error('crash')
        }
        await expect(compactAggregate(optionsOf(store, await replay(store), crash), target('a'))).rejects.toThrow(
          'crash',
        )
        const afterCrash = await replay(store)
        expect(afterCrash.get('tally', 'a')?.state).toEqual(writer.fold.get('tally', 'a')?.state)
        const later = tallyWriter(store.log, wallClock, afterCrash)
        for (let n = 0; n < writes; n++) await later.add('a', `later${n}`, 100)
        const wanted = structuredClone(later.fold.get('tally', 'a')?.state)

        const again = await compactAggregate(optionsOf(store, await replay(store)), target('a'))
        expect(again.done || again.skipped === 'nothing_to_do').toBe(true)
        const compacted = await replay(store)
        expect(compacted.get('tally', 'a')).toMatchObject({ condition: { is: 'ok' }, state: wanted })
        expect((await wholeStory(store, tallySubject('a'))).fold.get('tally', 'a')?.state).toEqual(wanted)
        expect((await store.log.info()).messages).toBeLessThanOrEqual(12 + 1 + 4)
        const log = await replay(store)
        expect(log.quarantined()).toEqual([])
      })
    }
  }
  it('gives way to a writer that came between', async () => {
    const { store, writer } = await given(5)
    const rival = tallyWriter(store.log, wallClock)
    const result = await compactAggregate(
      optionsOf(store, writer.fold, async (step) => {
        if (step === 'state_stored') await rival.add('a', 'rival', 1000)
      }),
      target('a'),
    )
    expect(result).toEqual({ subject: tallySubject('a'), done: false, skipped: 'busy' })
    expect((await replay(store)).get('tally', 'a')?.state.sum).toBe(1010)
  })
  it('leaves a quarantined aggregate to a person', async () => {
    const { store } = await given(3)
    const expected = (await store.log.last(tallySubject('a')))?.seq ?? 0
    await store.log.append({ subject: tallySubject('a'), expected, data: bytesOf(tallyCommit(9, 'gap')) })
    const result = await compactAggregate(optionsOf(store, await replay(store)), target('a'))
    expect(result).toMatchObject({ done: false, skipped: 'not_healthy' })
  })
})

describe('compaction of a report subject', () => {
  it('purges what lies below the latest announcement of the present boot, and archives it first', async () => {
    const store = createMemoryStore()
    const subject = 'evt.report.n1'
    const say = async (boot: string, v: number, type: string) => {
      const expected = (await store.log.last(subject))?.seq ?? 0
      const data = bytesOf(tallyCommit(v, `${boot}/${v}`, [{ type, n: 1 } as { type: string }]))
      await store.log.append({ subject, expected, data })
    }
    await say('A', 1, 'NodeAnnounced')
    await say('A', 2, 'Added')
    await say('B', 1, 'NodeAnnounced')
    await say('B', 2, 'Added')
    await say('B', 1001, 'NodeAnnounced')
    await say('A', 9, 'NodeAnnounced')
    await say('B', 1002, 'Added')
    const fold = await replay(store)
    const planned = await planCompaction(fold, store.log, { longCommits: 2, terminalCommits: 9 })
    expect(planned).toEqual([{ kind: 'report', key: 'n1', subject, commits: 4, why: 'long' }])
    const results: unknown[] = []
    for await (const result of compactLog(optionsOf(store, fold), planned)) results.push(result)
    expect(results).toMatchObject([{ done: true, purged: 4, belowSeq: 5 }])
    const after = await replay(store)
    expect(after.get('report', 'n1')).toMatchObject({ v: 1002, condition: { is: 'ok' } })
    const story = await wholeStoryOfReports(store, subject)
    expect(story).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  it('takes no forged announcement for a checkpoint', async () => {
    const store = createMemoryStore()
    const subject = 'evt.report.n1'
    const say = async (cmd: string, by: string, type: string) => {
      const expected = (await store.log.last(subject))?.seq ?? 0
      const commit = { ...tallyCommit(Number(cmd.split('/')[1]), cmd, [{ type, n: 1 } as { type: string }]), by }
      await store.log.append({ subject, expected, data: bytesOf(commit) })
    }
    const writerOf = (key: string): string => `node:${key}`
    const kinds = { tally, report: { ...reportTally, writerOf } }
    const foldAll = async () => {
      const fold = createFold({ route: routeTally, kinds })
      for await (const recorded of store.log.read(subject)) fold.apply(recorded)
      return fold
    }
    await say('A/1', 'node:n1', 'NodeAnnounced')
    await say('A/2', 'node:n1', 'Added')
    await say('A/3', 'node:n2', 'NodeAnnounced')
    const options = { ...optionsOf(store, await replay(store)), fold: await foldAll() }
    const report = { kind: 'report', key: 'n1', subject }
    expect(await compactAggregate(options, report)).toMatchObject({ done: false, skipped: 'nothing_to_do' })
    await say('A/3', 'node:n1', 'NodeAnnounced')
    await say('A/1001', 'node:n2', 'NodeAnnounced')
    await say('A/4', 'node:n1', 'Added')
    const later = { ...options, fold: await foldAll() }
    const before = later.fold.get('report', 'n1')
    expect(before).toMatchObject({ v: 4, state: { commits: 4 } })
    expect(await compactAggregate(later, report)).toMatchObject({ done: true, purged: 3, belowSeq: 4 })
    expect((await foldAll()).get('report', 'n1')).toMatchObject({ v: 4, seq: before?.seq, state: { commits: 2 } })
  })
})

const wholeStoryOfReports = async (store: MemoryStore, subject: string): Promise<number[]> => {
  const seqs: number[] = []
  const history = { log: store.log, archive: store.archive, logSubject: 'evt.log', sha256: sha256Hex }
  for await (const { seq } of readHistory(history, subject)) seqs.push(seq)
  return seqs
}

describe('the plan', () => {
  it('chooses long histories and those whose story is over, longest first, unless there is room enough', async () => {
    const store = createMemoryStore({ maxBytes: 1_000_000 })
    const { add, fold } = tallyWriter(store.log, wallClock)
    for (const [key, commits] of [
      ['long', 12],
      ['over', 5],
      ['short', 5],
    ] as const)
      for (let n = 0; n < commits; n++) await add(key, `c${n}`)
    const policy = { longCommits: 10, terminalCommits: 3, isTerminal: (_: string, key: string) => key === 'over' }
    const planned = await planCompaction(fold, store.log, policy)
    expect(planned.map(({ key, why }) => [key, why])).toEqual([
      ['long', 'long'],
      ['over', 'terminal'],
    ])
    expect(await planCompaction(fold, store.log, { ...policy, fromUsage: 0.9 })).toEqual([])
    for await (const result of compactLog(optionsOf(store, fold), planned)) expect(result.done).toBe(true)
    expect(await planCompaction(fold, store.log, policy)).toEqual([])
  })
})
