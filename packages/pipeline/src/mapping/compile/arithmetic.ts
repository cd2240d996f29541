// Operators with the precedence the language was observed to have: `*` `/` `%` and `|` bind first, then `+` `-`, then
// comparisons, then `&&` and `||` on one level; always from left to right. Two literals are combined while compiling.
import { MappingError } from '../value/errors.ts'
import { needBoolean } from '../value/number.ts'
import { DELETED, NOTHING } from '../value/types.ts'
import type { Operator } from '../parse/tree.ts'
import { BINARY, type Binary } from './operators.ts'
import { constantStep, type Step } from './step.ts'

const LEVELS: readonly (readonly Operator[])[] = [
  ['*', '/', '%', '|'],
  ['+', '-'],
  ['==', '!=', '>', '<', '>=', '<='],
  ['&&', '||'],
]

/** @throws MappingError when two literals cannot be combined */
export function arithmetic(operands: readonly Step[], operators: readonly Operator[]): Step {
  let steps = [...operands]
  let left = [...operators]
  for (const level of LEVELS) {
    const [first, ...rest] = steps
    if (first === undefined) break
    const joined: Step[] = [first]
    const waiting: Operator[] = []
    rest.forEach((step, i) => {
      const operator = left[i]
      if (operator === undefined) return
      if (level.includes(operator)) joined.push(join(operator, joined.pop() ?? step, step))
      else {
        joined.push(step)
        waiting.push(operator)
      }
    })
    steps = joined
    left = waiting
  }
  const [only] = steps
  if (only === undefined) throw new MappingError('an expression without operands')
  return only
}

export function negate(step: Step): Step {
  return join('-', constantStep(0, 'number literal'), step)
}

function join(operator: Operator, left: Step, right: Step): Step {
  if (operator === '|') return coalesce(left, right)
  if (operator === '&&') return logical(left, right, false)
  if (operator === '||') return logical(left, right, true)
  const apply = BINARY[operator]
  if (apply === undefined) throw new MappingError(`operator not recognized: ${operator}`)
  return combine(apply, left, right)
}

function combine(apply: Binary, left: Step, right: Step): Step {
  const sides = { left: left.label, right: right.label }
  if (left.constant !== undefined && right.constant !== undefined) {
    return constantStep(apply(left.constant.value, right.constant.value, sides), right.label)
  }
  const runLeft = left.run
  const runRight = right.run
  return {
    run(frame) {
      const a = runLeft(frame)
      return apply(a, runRight(frame), sides)
    },
    label: right.label,
  }
}

function coalesce(left: Step, right: Step): Step {
  return {
    run(frame) {
      try {
        const value = left.run(frame)
        if (value !== null && value !== DELETED && value !== NOTHING) return value
      } catch (error) {
        if (!(error instanceof MappingError)) throw error
      }
      return right.run(frame)
    },
    label: right.label,
  }
}

/** `||` is decided by a true left side, `&&` by a false one; the right side then never runs. */
function logical(left: Step, right: Step, decisive: boolean): Step {
  return {
    run(frame) {
      if (needBoolean(left.run(frame)) === decisive) return decisive
      return needBoolean(right.run(frame))
    },
    label: right.label,
  }
}
