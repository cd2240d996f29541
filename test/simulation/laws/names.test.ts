/** The page that lists the laws lists all of them, and stories and mutants name trackers that are told. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { stories } from '../bugs/all.ts'
import { mutants } from '../mutants/catalogue.ts'
import { laws } from './names.ts'

const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const firstCells = [...page.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) => cell.trim().split(', '))

it.each(Object.keys(laws))('the law %s stands in the README', (law) => expect(firstCells).toContain(law))

it('every mutant has a name of its own and changes something', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
  for (const { find, replace } of mutants) expect(replace).not.toBe(find)
})

it.each(mutants)('the text of "$name" is there once', ({ file, find, also }) => {
  const source = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')
  for (const text of [find, ...(also === undefined ? [] : [also.find])]) expect(source.split(text)).toHaveLength(2)
})

it('every story has a tracker and an expectation of its own', () => {
  expect(new Set(stories.map(({ tracker, expects }) => `${tracker} ${expects}`)).size).toBe(stories.length)
})
