import { expect, test } from 'vitest'
import { select } from './selection.ts'
import { steps } from './steps.ts'

const names = (args: string[]): string[] => select(args).steps.map((step) => step.name)

test('without arguments everything runs', () => {
  expect(select([])).toEqual({ steps, vitestArgs: [] })
})

test('--only picks steps, in the order of the whole', () => {
  expect(names(['--only', 'int,unit'])).toEqual(['unit', 'int'])
  expect(names(['--only=types'])).toEqual(['types'])
})

test('a filter goes to the test runner, and leaves the static checks out', () => {
  expect(names(['packages/domain'])).toEqual(['unit', 'int', 'sim', 'e2e'])
  expect(select(['--only', 'unit', 'packages/domain', '-t', 'stop'])).toMatchObject({
    steps: [{ name: 'unit' }],
    vitestArgs: ['packages/domain', '-t', 'stop'],
  })
})

test('an unknown step is refused with the names there are', () => {
  expect(() => select(['--only', 'units'])).toThrow('no step "units"; there are format, types')
})
