import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { parseExpression, type Requirement } from './selector-expression.ts'
import { parseSelector } from './selector.ts'

const requirementsOf = (expression: string): readonly Requirement[] | string => {
  const parsed = parseExpression(expression)
  return parsed.ok ? parsed.requirements : `${parsed.problem.message} @${parsed.problem.at}`
}
const one = (key: string, operator: Requirement['operator'], ...values: string[]) => [{ key, operator, values }]

describe('label expressions', () => {
  it.each([
    ['region=us-east', one('region', '=', 'us-east')],
    ['region==us-east', one('region', '=', 'us-east')],
    ['  region  =  us-east ', one('region', '=', 'us-east')],
    ['environment!=prod', one('environment', '!=', 'prod')],
    ['tier in (premium,standard)', one('tier', 'in', 'premium', 'standard')],
    ['tier in(premium)', one('tier', 'in', 'premium')],
    ['tier notin ( a , b )', one('tier', 'notin', 'a', 'b')],
    ['gpu', one('gpu', 'exists')],
    ['!debug', one('debug', 'absent')],
    ['! debug', one('debug', 'absent')],
    ['node-role.io/edge-box', one('node-role.io/edge-box', 'exists')],
    ['a-b=c-d', one('a-b', '=', 'c-d')],
    // Keywords are keywords only where an operator stands.
    ['in in (in,notin)', one('in', 'in', 'in', 'notin')],
    ['in', one('in', 'exists')],
    ['a=in', one('a', '=', 'in')],
    // Kubernetes: nothing is the empty value.
    ['a=', one('a', '=', '')],
    ['a!=', one('a', '!=', '')],
    ['a in (,)', one('a', 'in', '')],
    ['a in (b,)', one('a', 'in', 'b', '')],
    ['a in (b,b)', one('a', 'in', 'b')],
    ['x=1,y!=2,z', [...one('x', '=', '1'), ...one('y', '!=', '2'), ...one('z', 'exists')]],
    ['a=,b', [...one('a', '=', ''), ...one('b', 'exists')]],
    ['a in (b,c),!d', [...one('a', 'in', 'b', 'c'), ...one('d', 'absent')]],
    ['\ta\n=\r\nb', one('a', '=', 'b')],
  ])('reads %j', (expression, expected) => {
    expect(requirementsOf(expression)).toEqual(expected)
  })

  it.each([
    ['', 'found the end, expected a label key or "!" @0'],
    ['  ', 'found the end, expected a label key or "!" @2'],
    ['a b', 'found "b", expected one of = == != in notin, "," or the end @2'],
    ['a,', 'found the end, expected a label key or "!" @2'],
    [',a', 'found ",", expected a label key or "!" @0'],
    ['a,,b', 'found ",", expected a label key or "!" @2'],
    ['!!a', 'found "!", expected a label key @1'],
    ['!a=b', 'found "=", expected "," or the end @2'],
    ['a===b', 'found "=", expected a value @3'],
    ['a=!b', 'found "!", expected a value @2'],
    ['a=b c', 'found "c", expected "," or the end @4'],
    ['a in b', 'found "b", expected "(" @5'],
    ['a in ()', 'found ")", expected at least one value @6'],
    ['a in (b', 'found the end, expected "," or ")" @7'],
    ['a in (b c)', 'found "c", expected "," or ")" @8'],
    ['a in ((b))', 'found "(", expected "," or ")" @6'],
    ['a > 1', 'found ">", expected one of = == != in notin, "," or the end @2'],
    ['a in', 'found the end, expected "(" @4'],
    ['ä=b', '"ä" is not a label key @0'],
    ['a=b)', 'found ")", expected "," or the end @3'],
  ])('refuses %j', (expression, problem) => {
    expect(requirementsOf(expression)).toBe(problem)
  })

  const name = fc.string({ unit: fc.constantFrom('a', 'b', 'Z', '0', '.', '_', '-', '/'), minLength: 1, maxLength: 8 })
  const requirement: fc.Arbitrary<Requirement> = fc.oneof(
    fc.record({ key: name, operator: fc.constantFrom('=', '!='), values: fc.tuple(name) }),
    fc.record({
      key: name,
      operator: fc.constantFrom('in', 'notin'),
      values: fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
    }),
    fc.record({ key: name, operator: fc.constantFrom('exists', 'absent'), values: fc.constant([]) }),
  )
  const space = fc.constantFrom('', ' ', '  ', '\t', '\n')
  const write = ({ key, operator, values }: Requirement, s: string): string => {
    if (operator === 'exists') return `${s}${key}${s}`
    if (operator === 'absent') return `!${s}${key}${s}`
    if (operator === 'in' || operator === 'notin')
      return `${key} ${s}${operator}${s}(${s}${values.join(`${s},${s}`)}${s})${s}`
    return `${key}${s}${operator}${s}${values[0] ?? ''}${s}`
  }

  test.prop([fc.array(requirement, { minLength: 1, maxLength: 5 }), space])(
    'reads back what was written, whatever the white space',
    (requirements, s) => {
      expect(requirementsOf(requirements.map((each) => write(each, s)).join(`,${s}`))).toEqual(requirements)
    },
  )

  test.prop([fc.string({ unit: fc.constantFrom('a', 'in', 'notin', '=', '!', '(', ')', ',', ' ', '<') })])(
    'answers any text with requirements or a position inside it',
    (text) => {
      const parsed = parseExpression(text)
      if (parsed.ok) expect(parsed.requirements.length).toBeGreaterThan(0)
      else {
        expect(parsed.problem.at).toBeGreaterThanOrEqual(0)
        expect(parsed.problem.at).toBeLessThanOrEqual(text.length)
      }
    },
  )
})

describe('parseSelector', () => {
  it('joins labels and expressions, and keeps ids apart', () => {
    expect(
      parseSelector({ match_labels: { env: 'prod' }, match_expressions: ['a in (b),c', '!d'], match_ids: ['n1'] }),
    ).toEqual({
      ok: true,
      selector: {
        requirements: [
          ...one('env', '=', 'prod'),
          ...one('a', 'in', 'b'),
          ...one('c', 'exists'),
          ...one('d', 'absent'),
        ],
        ids: new Set(['n1']),
      },
    })
  })

  it.each([{}, { match_ids: [] }, { match_labels: {}, match_expressions: [] }])('restricts nothing for %j', (block) => {
    expect(parseSelector(block)).toEqual({ ok: true, selector: { requirements: [], ids: undefined } })
  })

  it('names every wrong expression', () => {
    const parsed = parseSelector({ match_labels: { 'a b': 'c' }, match_expressions: ['ok', '=', '!!'] })
    expect(parsed.ok ? [] : parsed.problems.map(({ path }) => path)).toEqual([
      ['match_labels', 'a b'],
      ['match_expressions', 1],
      ['match_expressions', 2],
    ])
  })
})
