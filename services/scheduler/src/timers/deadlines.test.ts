import { seededRandom } from '@dunlin/runtime'
import { expect, it } from 'vitest'
import { createDeadlines } from './deadlines.ts'

it('tells who is due until they are set anew', () => {
  const deadlines = createDeadlines()
  deadlines.set('a', 10)
  deadlines.set('b', 20)
  expect([deadlines.due(9), deadlines.next()]).toEqual([[], 10])
  expect(deadlines.due(15)).toEqual(['a'])
  expect(deadlines.due(25)).toEqual(['a', 'b'])
  deadlines.set('a', undefined)
  deadlines.set('b', 30)
  expect([deadlines.due(25), deadlines.due(30)]).toEqual([[], ['b']])
  deadlines.clear()
  expect([deadlines.due(99), deadlines.next()]).toEqual([[], undefined])
})

it('says the same as a plain list, and is never late', () => {
  const random = seededRandom(5)
  const nat = (below: number): number => Math.floor(random.float() * below)
  const deadlines = createDeadlines()
  const plain = new Map<string, number>()
  const wrong: unknown[] = []
  for (let n = 0; n < 2_000; n += 1) {
    const key = 'abc'[nat(3)] ?? ''
    const now = nat(50)
    const step = nat(4)
    if (step === 0) {
      const due = [...plain].filter(([, at]) => at <= now).map(([one]) => one)
      if (deadlines.due(now).toSorted().join() !== due.toSorted().join()) wrong.push([n, now, due])
    } else if (step === 1) {
      deadlines.set(key, undefined)
      plain.delete(key)
    } else {
      deadlines.set(key, now)
      plain.set(key, now)
    }
    if ((deadlines.next() ?? Infinity) > Math.min(...plain.values())) wrong.push([n, deadlines.next()])
  }
  expect(wrong).toEqual([])
})
