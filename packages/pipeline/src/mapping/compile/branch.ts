// `if` and `match` expressions. When no branch is taken the result is nothing: the assignment does not happen.
import { MappingError, display, prefixed } from '../value/errors.ts'
import { equal } from '../value/equal.ts'
import { NOTHING, typeOf, type Value } from '../value/types.ts'
import { thisStep } from './access.ts'
import type { Frame } from './frame.ts'
import type { Step } from './step.ts'

export function ifStep(
  branches: readonly (readonly [condition: Step, body: Step])[],
  otherwise: Step | undefined,
): Step {
  return {
    run(frame) {
      for (let i = 0; i < branches.length; i++) {
        const branch = branches[i]
        if (branch !== undefined && holds(branch[0], frame, i)) return branch[1].run(frame)
      }
      return otherwise === undefined ? NOTHING : otherwise.run(frame)
    },
    label: 'if expression',
  }
}

/** In the expression (not in the statement) null counts as false. */
function holds(condition: Step, frame: Frame, index: number): boolean {
  let value: Value
  try {
    value = condition.run(frame)
  } catch (error) {
    throw prefixed(`failed to check if condition${index === 0 ? '' : ` ${index}`}`, error)
  }
  if (value === null) return false
  if (typeof value === 'boolean') return value
  throw nonBoolean(condition, value)
}

export function nonBoolean(condition: Step, value: Value): MappingError {
  const type = value === null ? '<nil>' : typeOf(value)
  return new MappingError(`${condition.label} resolved to a non-boolean value ${display(value)} (${type})`)
}

export function matchStep(
  subject: Step | undefined,
  cases: readonly (readonly [test: Step | undefined, body: Step])[],
): Step {
  const read = subject ?? thisStep()
  const tests = cases.map(([test]) => testOf(test))
  return {
    run(frame) {
      const inner = frame.with(read.run(frame))
      for (let i = 0; i < cases.length; i++) {
        if (matches(tests[i], inner, i)) return cases[i]?.[1].run(inner) ?? null
      }
      return NOTHING
    },
    label: 'match expression',
  }
}

type Test = (frame: Frame) => Value

/** A literal is compared with the subject; anything else is a condition. */
function testOf(test: Step | undefined): Test {
  if (test === undefined) return () => true
  if (test.constant === undefined) return test.run
  const { value } = test.constant
  return (frame) => equal(frame.current(), value)
}

function matches(test: Test | undefined, frame: Frame, index: number): boolean {
  try {
    return test?.(frame) === true
  } catch (error) {
    throw prefixed(`failed to check match case ${index}`, error)
  }
}
