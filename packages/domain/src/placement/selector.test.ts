import { parseSelector, type ParsedSelector } from '@dunlin/contracts'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { matchesSelector } from './selector.ts'

type Requirement = ParsedSelector['requirements'][number]
const selector = (...requirements: Requirement[]): ParsedSelector => ({ requirements, ids: undefined })
const wants = (operator: Requirement['operator'], ...values: string[]): ParsedSelector =>
  selector({ key: 'tier', operator, values })
const taken = (parsed: ParsedSelector, labels: Record<string, string>): boolean =>
  matchesSelector(parsed, 'node-1', labels).matches

const premium = { tier: 'premium' }
const standard = { tier: 'standard' }

describe('matchesSelector', () => {
  it.each<[string, ParsedSelector, { premium: boolean; standard: boolean; without: boolean }]>([
    ['nothing', selector(), { premium: true, standard: true, without: true }],
    ['=', wants('=', 'premium'), { premium: true, standard: false, without: false }],
    ['!=', wants('!=', 'premium'), { premium: false, standard: true, without: true }],
    ['in', wants('in', 'premium', 'gold'), { premium: true, standard: false, without: false }],
    ['notin', wants('notin', 'premium', 'gold'), { premium: false, standard: true, without: true }],
    ['exists', wants('exists'), { premium: true, standard: true, without: false }],
    ['absent', wants('absent'), { premium: false, standard: false, without: true }],
    ['= with the empty value', wants('=', ''), { premium: false, standard: false, without: false }],
  ])('%s', (_name, parsed, expected) => {
    expect({ premium: taken(parsed, premium), standard: taken(parsed, standard), without: taken(parsed, {}) }).toEqual(
      expected,
    )
  })

  it('wants all requirements and the ids at once', () => {
    const both = selector(
      { key: 'tier', operator: '=', values: ['premium'] },
      { key: 'gpu', operator: 'exists', values: [] },
    )
    expect(taken(both, { tier: 'premium', gpu: '' })).toBe(true)
    expect(taken(both, { tier: 'premium' })).toBe(false)
    const named = { ...both, ids: new Set(['node-2']) }
    expect(taken(named, { tier: 'premium', gpu: '' })).toBe(false)
    expect(matchesSelector(named, 'node-2', { tier: 'premium', gpu: '' }).matches).toBe(true)
    expect(matchesSelector(named, 'node-2', {}).matches).toBe(false)
  })

  it('says what speaks against a node', () => {
    expect(matchesSelector(wants('=', 'premium'), 'node-1', standard)).toEqual({
      matches: false,
      because: 'wants tier=premium, but the node has tier=standard',
    })
    expect(matchesSelector(wants('in', 'a', 'b'), 'node-1', {})).toMatchObject({
      because: 'wants tier in (a,b), but the node has no label tier',
    })
    expect(matchesSelector(wants('absent'), 'node-1', premium)).toMatchObject({
      because: 'wants !tier, but the node has tier=premium',
    })
    expect(matchesSelector({ requirements: [], ids: new Set(['x']) }, 'node-1', {})).toMatchObject({
      because: 'match_ids does not name node-1',
    })
  })

  it('does not take members of every object for labels', () => {
    expect(taken(selector({ key: 'constructor', operator: 'exists', values: [] }), {})).toBe(false)
  })

  // The cases of apimachinery's own selector tests, where they apply.
  it.each<[string, Record<string, string>, boolean]>([
    ['x=y', { x: 'y' }, true],
    ['x=y,z=w', { x: 'y', z: 'w' }, true],
    ['x=y,z=w', { x: 'y', z: 'x' }, false],
    ['x!=y,z!=w', { x: 'z', z: 'a' }, true],
    ['x!=y,z!=w', {}, true],
    ['notin=in', { notin: 'in' }, true],
    ['x', { x: 'z' }, true],
    ['!x', { x: 'z' }, false],
    ['!x', { y: 'z' }, true],
    ['x in (abc,def)', { x: 'abc' }, true],
    ['x in (abc,def)', { x: 'ghi' }, false],
    ['x notin (abc,def)', { x: 'ghi' }, true],
    ['x notin (abc,def)', {}, true],
    ['x, !y, z in (a), w notin (b)', { x: '', z: 'a' }, true],
    ['baz=blah,foo=bar', { foo: 'bar' }, false],
    ['my-key.example/a-b == v', { 'my-key.example/a-b': 'v' }, true],
  ])('%s on %j', (expression, own, expected) => {
    const parsed = parseSelector({ match_expressions: [expression] })
    expect(parsed.ok && taken(parsed.selector, own)).toBe(expected)
  })

  const value = fc.constantFrom('a', 'b', '')
  const labels = fc.dictionary(fc.constantFrom('k', 'l', 'm'), value)
  const opposites = fc.constantFrom<[Requirement['operator'], Requirement['operator']]>(
    ['=', '!='],
    ['in', 'notin'],
    ['exists', 'absent'],
  )
  test.prop([opposites, value, labels])('a requirement and its opposite split every fleet in two', (pair, one, own) => {
    const [yes, no] = pair.map((operator) => taken(selector({ key: 'k', operator, values: [one] }), own))
    expect(yes).toBe(!no)
  })
})
