/** What is kept while the file cannot be written, and in which form it is written later. */
import { DunlinError, type ExecutionId, type JournalId, type Sha256, type Transition } from '@dunlin/contracts/agent'
import { silentLogger } from '@dunlin/runtime/agent'
import { createVirtualClock, type VirtualClock } from '@dunlin/testkit'
import { beforeEach, describe, expect, it } from 'vitest'
import { newLocal, transitionOf } from '../converge/execution.ts'
import { entryFor, newId, sh } from '../testing/node.ts'
import type { Journal } from './journal.ts'
import { openJournal } from './open-journal.ts'
import { steadyJournal } from './steady-journal.ts'

const HASH = 'c'.repeat(64) as Sha256
const OTHER = 'd'.repeat(64) as Sha256

let clock: VirtualClock
let inner: Journal
let journal: Journal
let isFull: boolean
let problems: (string | undefined)[]
let recorded: [ExecutionId, number][]

beforeEach(() => {
  clock = createVirtualClock(0)
  isFull = false
  problems = []
  recorded = []
  const real = openJournal({ file: ':memory:', newId: () => newId() as JournalId, logger: silentLogger })
  const guarded = new Set<keyof Journal>(['record', 'save', 'forget', 'saveDocument', 'saveContent'])
  inner = new Proxy(real, {
    get: (target, name: keyof Journal) => {
      if (isFull && guarded.has(name))
        return () => {
          throw new DunlinError('disk_full')
        }
      return target[name]
    },
  })
  journal = steadyJournal(inner, clock, {
    onProblem: (problem) => problems.push(problem?.code),
    onRecorded: (execution, j) => recorded.push([execution, j]),
  })
})

const entry = () => entryFor({ storeContent: () => HASH }, 1, sh('true'))
const tell = (one: ReturnType<typeof entry>, state: Transition['state'], told = true): number => {
  const local = { ...newLocal(1), attempt: 1 }
  return journal.record(one, local, transitionOf({ entry: one, local }, state, 2), told)
}
const pass = (ms: number): Promise<void> => clock.run(clock.monotonicMs() + ms)

describe('a journal whose file cannot be written', () => {
  it('keeps the latest of each execution, and tells once what it stands for', async () => {
    const [one, two] = [entry(), entry()]
    expect(tell(one, 'starting')).toBe(1)
    isFull = true
    for (const state of ['running', 'degraded', 'completed'] as const) expect(tell(one, state)).toBe(Infinity)
    tell(two, 'starting')
    expect([journal.isDurable(one.execution), journal.isDurable(two.execution)]).toEqual([false, false])
    expect(journal.unsent(10)).toHaveLength(1)
    await pass(20_000)
    expect(problems).toEqual(['disk_full'])
    isFull = false
    await pass(5_000)
    expect(problems).toEqual(['disk_full', undefined])
    expect(recorded).toEqual([
      [one.execution, 2],
      [two.execution, 3],
    ])
    expect(inner.unsent(10).map(({ j, transition: { state, replaces } }) => [j, state, replaces])).toEqual([
      [1, 'starting', undefined],
      [2, 'completed', 2],
      [3, 'starting', undefined],
    ])
    expect(journal.isDurable(one.execution)).toBe(true)
  })

  it('tells what was told although something untold came after it', async () => {
    const one = entry()
    isFull = true
    tell(one, 'running')
    tell(one, 'stopping', false)
    isFull = false
    await pass(5_000)
    expect(inner.unsent(10).map(({ transition }) => transition.state)).toEqual(['running'])
    expect(inner.executions()[0]?.latest.state).toBe('stopping')
  })

  it('forgets what is forgotten before it could be written', async () => {
    const one = entry()
    isFull = true
    tell(one, 'starting')
    journal.forget(one.execution)
    isFull = false
    await pass(5_000)
    expect(inner.executions()).toEqual([])
    expect(inner.unsent(10)).toEqual([])
  })

  it('gives back documents and contents that are only in memory, and says of contents that they are', async () => {
    isFull = true
    journal.saveDocument('{"first":1}')
    journal.saveDocument('{"second":2}')
    journal.saveContent(HASH, sh('one'))
    journal.saveContent(OTHER, sh('two'))
    expect(journal.document()).toBe('{"second":2}')
    expect(journal.content(HASH)).toEqual(sh('one'))
    expect(journal.isKept(HASH)).toBe(false)
    journal.keepContents(new Set([HASH]))
    isFull = false
    await pass(5_000)
    expect([inner.document(), inner.content(HASH), inner.content(OTHER)]).toEqual([
      '{"second":2}',
      sh('one'),
      undefined,
    ])
    expect(journal.isKept(HASH)).toBe(true)
  })

  it('writes what it can when it is closed', () => {
    const one = entry()
    isFull = true
    tell(one, 'starting')
    isFull = false
    journal.close()
    expect(recorded).toEqual([[one.execution, 1]])
  })

  it('hides no other error', () => {
    const broken = new Proxy(inner, {
      get: (target, name: keyof Journal) =>
        name === 'record'
          ? () => {
              throw new TypeError('bug')
            }
          : target[name],
    })
    const other = steadyJournal(broken, clock, { onProblem: () => {}, onRecorded: () => {} })
    const one = entry()
    const local = newLocal(1)
    expect(() => other.record(one, local, transitionOf({ entry: one, local }, 'running', 1), true)).toThrow('bug')
  })
})
