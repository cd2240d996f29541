import { expect, it } from 'vitest'
import { createDueList } from './due.ts'

it('gives each item once, when its time has come, and again only when it is put back', () => {
  const list = createDueList<string>()
  list.add('late', 5_500)
  list.add('soon', 700)
  expect(list.take(999)).toEqual(['soon'])
  expect(list.take(4_999)).toEqual([])
  list.add('soon', 4_999)
  expect(list.take(6_000)).toEqual(['soon', 'late'])
  expect(list.take(60_000)).toEqual([])
})

it('takes what is put back at once by the next look, not by this one', () => {
  const list = createDueList<string>()
  list.add('a', 100)
  for (const item of list.take(200)) list.add(item, 200)
  expect(list.take(300)).toEqual(['a'])
})

it('is late with nothing and loses nothing, however far apart the looks are', () => {
  const list = createDueList<number>()
  const waiting = new Map<number, number>()
  for (let n = 0; n < 1_000; n += 1) {
    const dueAt = (n * 7_919) % 50_000
    list.add(n, dueAt)
    waiting.set(n, dueAt)
  }
  for (const now of [0, 1, 999, 1_000, 1_700, 12_345, 12_346, 49_000, 50_000]) {
    for (const taken of list.take(now)) expect(waiting.delete(taken)).toBe(true)
    for (const dueAt of waiting.values()) expect(dueAt).toBeGreaterThan(now)
  }
  expect(waiting.size).toBe(0)
})
