import type { ExecutionId, Transition } from '@dunlin/contracts/agent'
import { seededRandom } from '@dunlin/runtime/agent'
import { expect, test } from 'vitest'
import { newLocal, transitionOf } from '../converge/execution.ts'
import { entryFor, sh } from '../testing/node.ts'
import { fitAnnouncement, standingFor } from './announcement.ts'

const entry = entryFor({ storeContent: () => 'c'.repeat(64) as Transition['content'] }, 1, sh(''))
const make = (n: number, over: boolean, messageLength: number): Transition => ({
  ...transitionOf({ entry, local: newLocal(0) }, over ? 'failed' : 'running', n, {
    error: { code: 'exited', message: 'x'.repeat(messageLength), hint: 'h' },
  }),
  execution: String(n) as ExecutionId,
})

test('an announcement fits or holds nothing that is over, and tells everything that runs', () => {
  const random = seededRandom(11)
  const running = (list: readonly Transition[]): string[] =>
    list.filter(({ state }) => state === 'running').map(({ execution }) => execution)
  for (let round = 0; round < 300; round++) {
    const count = Math.floor(random.float() * 40)
    const all = Array.from({ length: count }, (_, n) => make(n, random.float() < 0.5, Math.floor(random.float() * 900)))
    const most = 500 + Math.floor(random.float() * 40_000)
    const told = fitAnnouncement(all, most)
    const fits = Buffer.byteLength(JSON.stringify(told)) <= most
    expect(fits || told.every(({ state }) => state === 'running')).toBe(true)
    expect(running(told)).toEqual(running(all))
  }
})

test('an announcement that fits is told word for word', () => {
  const all = [make(1, true, 900), make(2, false, 0)]
  expect(fitAnnouncement(all)).toEqual(all)
})

test('an announcement says of how many unsent transitions it takes the place', () => {
  const at = (n: number, more: Partial<Transition> = {}): Transition => ({ ...make(1, false, 0), at: n, ...more })
  const unsent = (...all: readonly Transition[]) => all.map((transition, j) => ({ j, transition }))
  const other = make(2, false, 0)
  expect(standingFor([at(3), other], [])).toEqual([at(3), other])
  expect(standingFor([at(3)], unsent(at(3)))).toEqual([at(3)])
  expect(standingFor([at(3), other], unsent(at(1), at(2), at(3)))).toEqual([{ ...at(3), replaces: 2 }, other])
  expect(standingFor([at(3)], unsent(at(1, { replaces: 4 }), at(2)))).toEqual([{ ...at(3), replaces: 6 }])
  expect(standingFor([at(3, { replaces: 1 })], unsent(at(2)))).toEqual([{ ...at(3), replaces: 2 }])
})
