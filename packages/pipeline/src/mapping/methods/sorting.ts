// Putting arrays in order.
import { stepArg } from '../compile/args.ts'
import type { Frame } from '../compile/frame.ts'
import { optional, param } from '../compile/params.ts'
import { onValue, type MethodSpec } from '../compile/spec.ts'
import type { Step } from '../compile/step.ts'
import { SourcedError, wrongType, wrongTypeFrom, type MappingError } from '../value/errors.ts'
import { numberOf } from '../value/number.ts'
import { stringOf } from '../value/text.ts'
import { compareText, typeOf, type Value } from '../value/types.ts'

export const SORTING: Record<string, MethodSpec> = {
  sort: onValue([optional('compare', 'query')], (args) =>
    args[0] === undefined ? sorted : (value, frame) => sortedWith(value, stepArg(args, 0), frame),
  ),
  sort_by: onValue([param('query', 'query')], (args) => (value, frame) => sortedBy(value, stepArg(args, 0), frame)),
}

function array(value: Value): Value[] {
  if (!Array.isArray(value)) throw wrongType(value, 'array')
  return value
}

function sorted(value: Value): Value {
  const items = [...array(value)]
  checkSortable(items, 'sort', undefined)
  return items.sort(compareSortable)
}

function sortedWith(value: Value, compare: Step, frame: Frame): Value {
  return array(value).toSorted((left, right) => {
    if (isLess(left, right, compare, frame)) return -1
    return isLess(right, left, compare, frame) ? 1 : 0
  })
}

function isLess(left: Value, right: Value, compare: Step, frame: Frame): boolean {
  const result = compare.run(frame.with({ left, right }))
  if (typeof result !== 'boolean') throw wrongType(result, 'bool')
  return result
}

function sortedBy(value: Value, query: Step, frame: Frame): Value {
  const keyed: { item: Value; key: Value }[] = array(value).map((item) => ({ item, key: query.run(frame.with(item)) }))
  checkSortable(
    keyed.map(({ key }) => key),
    'sort_by',
    query.label,
  )
  return keyed.sort((a, b) => compareSortable(a.key, b.key)).map(({ item }) => item)
}

/** All numbers or all strings; a single element is compared with nothing and may be anything. */
function checkSortable(items: readonly Value[], method: string, label: string | undefined): void {
  for (let i = 1; i < items.length; i++) {
    const item = items[i] ?? null
    const before = items[i - 1] ?? null
    const kind = kindOf(item)
    const from = label ?? ''
    if (kind === 'other') throw unsortable(method, i, wrongTypeFrom(from, item, 'number', 'string'))
    if (kindOf(before) !== kind) throw unsortable(method, i - 1, wrongTypeFrom(from, before, kind))
  }
}

function unsortable(method: string, index: number, error: MappingError): SourcedError {
  return new SourcedError(`${method} element ${index}: ${error.message}`)
}

function kindOf(value: Value): 'number' | 'string' | 'other' {
  const type = typeOf(value)
  if (type === 'number') return 'number'
  return type === 'string' || type === 'bytes' ? 'string' : 'other'
}

function compareSortable(a: Value, b: Value): number {
  if (kindOf(a) === 'number') return (numberOf(a) ?? 0) - (numberOf(b) ?? 0)
  return compareText(stringOf(a) ?? '', stringOf(b) ?? '')
}
