// Calls of functions and methods: finding them, checking their arguments, running them.
import { MappingSyntaxError, placeOf } from '../lex/source.ts'
import { FUNCTIONS, UNSUPPORTED_FUNCTIONS } from '../functions/index.ts'
import { METHODS, UNSUPPORTED_METHODS } from '../methods/index.ts'
import { MappingError, errorFrom } from '../value/errors.ts'
import { nearest } from '../../lint/nearest.ts'
import { insideStep } from './access.ts'
import { bind, type Args, type Call } from './params.ts'
import { textArg } from './args.ts'
import { at, type Scene } from './scene.ts'
import type { MethodSpec } from './spec.ts'
import { constantStep, type Step } from './step.ts'
import { splitPath } from '../value/path.ts'

export interface GivenArgument {
  readonly name: string | undefined
  readonly step: Step
}

export function functionCall(scene: Scene, name: string, given: readonly GivenArgument[], place: number): Step {
  const spec = FUNCTIONS.get(name)
  if (spec === undefined) throw unknown(scene, 'function', name, place, UNSUPPORTED_FUNCTIONS, [...FUNCTIONS.keys()])
  return at(scene, place, () => {
    const call = bind(spec.params, given)
    if (spec.constant !== undefined) return constantStep(spec.constant.value, spec.constant.label)
    const prefix = `function '${name}'`
    const label = call.fixed === undefined || spec.label === undefined ? `function ${name}` : spec.label(call.fixed)
    return { run: runner(call, prefix, spec.make), label }
  })
}

export function methodCall(
  scene: Scene,
  target: Step,
  name: string,
  given: readonly GivenArgument[],
  place: number,
): Step {
  const spec = METHODS.get(name)
  if (spec === undefined) throw unknown(scene, 'method', name, place, UNSUPPORTED_METHODS, [...METHODS.keys()])
  return at(scene, place, () => {
    const call = bind(spec.params, given)
    if (name === 'get' && call.fixed !== undefined) return insideStep(target, splitPath(textArg(call.fixed, 0)))
    if (spec.kind === 'bare' && spec.folds && call.fixed !== undefined && target.constant !== undefined) {
      return constantStep(spec.make(call.fixed)(target.constant.value), `method ${name}`)
    }
    const named = spec.kind === 'query' && call.fixed !== undefined ? spec.label?.(target, call.fixed) : undefined
    return { run: runner(call, `method '${name}'`, maker(spec, target)), label: named ?? `method ${name}` }
  })
}

function maker(spec: MethodSpec, target: Step): (args: Args) => Step['run'] {
  if (spec.kind === 'query') return (args) => spec.make(target, args)
  if (spec.kind === 'bare') {
    return (args) => {
      const apply = spec.make(args)
      return (frame) => apply(target.run(frame))
    }
  }
  return (args) => {
    const apply = spec.make(args)
    const read = target.run
    return (frame) => {
      const value = read(frame)
      try {
        return apply(value, frame)
      } catch (error) {
        throw errorFrom(error, target.label)
      }
    }
  }
}

function runner(call: Call, prefix: string, make: (args: Args) => Step['run']): Step['run'] {
  if (call.fixed !== undefined) return make(call.fixed)
  return (frame) => {
    let run: Step['run']
    try {
      run = make(call.resolve(frame))
    } catch (error) {
      if (!(error instanceof MappingError)) throw error
      throw new MappingError(`${prefix}: ${error.message}`)
    }
    return run(frame)
  }
}

function unknown(
  scene: Scene,
  kind: 'function' | 'method',
  name: string,
  place: number,
  unsupported: ReadonlySet<string>,
  known: readonly string[],
): MappingSyntaxError {
  const where = placeOf(scene.text, place)
  if (unsupported.has(name)) {
    return new MappingSyntaxError(`unsupported ${kind} '${name}'`, where, {
      unsupported: true,
      hint: `the language has this ${kind}, but this engine does not support it yet`,
    })
  }
  const near = nearest(name, known)
  const hint = near === undefined ? undefined : `did you mean ${near}()?`
  return new MappingSyntaxError(`unrecognised ${kind} '${name}'`, where, { hint })
}
