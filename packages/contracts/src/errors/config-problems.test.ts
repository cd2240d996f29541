import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { pathText } from '../source/place.ts'
import { parseYamlOrJson } from '../source/read.ts'
import { configProblems, pathParts } from './config-problems.ts'

describe('what a lint says about a config', () => {
  test.prop([fc.array(fc.oneof(fc.nat(99), fc.string({ minLength: 1, maxLength: 6 })), { minLength: 1 })])(
    'is found by the path that pathText wrote, whatever the fields are called',
    (path) => {
      expect(pathParts(pathText(path))).toEqual(path)
    },
  )

  it('stands where the spec has it, and says where inside a program', () => {
    const text = 'name: x\nconfig:\n  pipeline:\n    processors:\n      - mapping: root = (\n'
    const read = parseYamlOrJson(text, 'yaml')
    const source = read.ok ? read.source : undefined
    const problem = {
      code: 'mapping_parse',
      path: 'pipeline.processors[0].mapping',
      message: 'expected a value',
      line: 1,
      column: 8,
    }
    expect(configProblems([problem], source)).toMatchObject({
      code: 'invalid_spec',
      errors: [
        {
          path: 'config.pipeline.processors[0].mapping',
          line: 5,
          column: 9,
          message: expect.stringContaining('column 8') as string,
        },
      ],
    })
    expect(configProblems([])).toBeUndefined()
  })
})
