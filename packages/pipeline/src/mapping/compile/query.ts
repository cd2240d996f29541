// Queries compiled to steps: every node of the tree becomes one closure.
import { MappingSyntaxError, placeOf } from '../lex/source.ts'
import type { Query } from '../parse/tree.ts'
import { wrongTypeFrom } from '../value/errors.ts'
import { typeOf } from '../value/types.ts'
import { contextStep, insideStep, metadataStep, rootStep, thisStep, variableStep } from './access.ts'
import { arithmetic, negate } from './arithmetic.ts'
import { functionCall, methodCall } from './call.ts'
import { ifStep, matchStep } from './branch.ts'
import { arrayStep, objectStep } from './literal.ts'
import { at, type Scene } from './scene.ts'
import { constantStep, type Step } from './step.ts'

export function compileQuery(query: Query, scene: Scene): Step {
  switch (query.kind) {
    case 'literal':
      return constantStep(query.value, `${typeOf(query.value)} literal`)
    case 'array':
      return arrayStep(query.items.map((item) => compileQuery(item, scene)))
    case 'object': {
      const entries = query.entries.map((e) => [compileQuery(e.key, scene), compileQuery(e.value, scene)] as const)
      return at(scene, query.at, () => objectStep(entries))
    }
    case 'name':
      return nameStep(query.name, scene)
    case 'variable':
      return variableStep(query.name)
    case 'metadata':
      return metadataStep(query.name)
    case 'field':
      return insideStep(compileQuery(query.target, scene), [query.name])
    case 'inside':
      return inside(compileQuery(query.target, scene), compileQuery(query.body, scene))
    case 'method':
      return methodCall(scene, compileQuery(query.target, scene), query.name, given(query.args, scene), query.end)
    case 'function':
      return functionCall(scene, query.name, given(query.args, scene), query.end)
    case 'lambda':
      return lambda(query.name, query.body, query.at, scene)
    case 'not':
      return not(compileQuery(query.body, scene))
    case 'arithmetic':
      return at(scene, query.at, () => {
        const operands = query.operands.map((operand) => {
          const step = compileQuery(operand.query, scene)
          return operand.negated ? negate(step) : step
        })
        return arithmetic(operands, query.operators)
      })
    case 'if': {
      const branches = query.branches.map(
        (b) => [compileQuery(b.condition, scene), compileQuery(b.body, scene)] as const,
      )
      return ifStep(branches, query.otherwise && compileQuery(query.otherwise, scene))
    }
    case 'match': {
      const cases = query.cases.map(
        (c) => [c.test && compileQuery(c.test, scene), compileQuery(c.body, scene)] as const,
      )
      return matchStep(query.subject && compileQuery(query.subject, scene), cases)
    }
  }
}

function given(args: readonly { name: string | undefined; query: Query }[], scene: Scene) {
  return args.map((arg) => ({ name: arg.name, step: compileQuery(arg.query, scene) }))
}

function nameStep(name: string, scene: Scene): Step {
  if (name === 'this') return thisStep()
  if (name === 'root') return rootStep()
  return scene.contexts.has(name) ? contextStep(name) : thisStep([name])
}

function inside(target: Step, body: Step): Step {
  return { run: (frame) => body.run(frame.with(target.run(frame))), label: body.label }
}

function lambda(name: string, body: Query, place: number, scene: Scene): Step {
  if (name !== '_' && scene.contexts.has(name)) {
    throw refusal(scene, place, `context label \`${name}\` would shadow a parent context`)
  }
  const contexts = name === '_' ? scene.contexts : new Set([...scene.contexts, name])
  const step = compileQuery(body, { ...scene, contexts })
  if (step.lambda !== undefined) {
    const names = `'${name}' and '${step.lambda}'`
    throw refusal(scene, place, `it would be in poor taste to capture the same context under both ${names}`)
  }
  return { run: (frame) => step.run(frame.capture(name)), label: step.label, lambda: name }
}

function refusal(scene: Scene, place: number, message: string): MappingSyntaxError {
  return new MappingSyntaxError(message, placeOf(scene.text, place))
}

function not(step: Step): Step {
  return {
    run(frame) {
      const value = step.run(frame)
      if (typeof value !== 'boolean') throw wrongTypeFrom(step.label, value, 'bool')
      return !value
    },
    label: `not ${step.label}`,
  }
}
