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

it('says the same as a plain list', () => {
  const random = seededRandom(5)
  const nat = (below: number): number => Math.floor(random.float() * below)
  const deadlines = createDeadlines()
  const plain = new Map<string, number>()
  for (let n = 0; n < 2_000; n += 1) {
    const key = 'abc'[nat(3)] ?? ''
    const now = nat(50)
    if (nat(3) === 0) {
      const due = [...plain].filter(([, at]) => at <= now).map(([one]) => one)
      expect([...deadlines.due(now)].toSorted()).toEqual(due.toSorted())
    } else if (nat(3) === 0) {
      deadlines.set(key, undefined)
      plain.delete(key)
    } else {
      deadlines.set(key, now)
      plain.set(key, now)
    }
    // Early is harmless, late is not.
    if (plain.size > 0) expect(deadlines.next()).toBeLessThanOrEqual(Math.min(...plain.values()))
  }
})
