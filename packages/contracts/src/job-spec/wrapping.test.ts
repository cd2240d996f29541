import { expect, it } from 'vitest'
import { parseYamlOrJson } from '../source/read.ts'
import { sourceOfSpec } from './wrapping.ts'

it.each([
  ['name: a\nconfig:\n  input: 1\n', 3],
  ['spec:\n  name: a\n  config:\n    input: 1\n', 4],
  ['id: x\nspec:\n  config:\n    input: 1\nstatus: {}\n', 4],
])('places of a spec are found however it is wrapped (case %#)', (text, line) => {
  const read = parseYamlOrJson(text)
  if (!read.ok) throw read.error
  expect(sourceOfSpec(read.value, read.source)?.placeOf(['config', 'input'])?.line).toBe(line)
})

it('nothing is known of a spec that came without a text', () => {
  expect(sourceOfSpec({}, undefined)).toBeUndefined()
})
