// Reading: `this`, `root`, names of lambdas, variables, metadata, and paths into any of them.
import { MappingError } from '../value/errors.ts'
import { joinPath, search } from '../value/path.ts'
import { fieldOf, type Value } from '../value/types.ts'
import type { Frame } from './frame.ts'
import type { Step } from './step.ts'

export function thisStep(segments: readonly string[] = []): Step {
  const path = joinPath(segments)
  return pathStep('this', segments, (frame) => frame.current(path), thisStep)
}

export function rootStep(segments: readonly string[] = []): Step {
  return pathStep('root', segments, (frame) => frame.scope.root, rootStep)
}

export function contextStep(name: string, segments: readonly string[] = []): Step {
  return pathStep(
    name,
    segments,
    (frame) => frame.named(name),
    (longer) => contextStep(name, longer),
  )
}

function pathStep(
  base: string,
  segments: readonly string[],
  read: (frame: Frame) => Value,
  make: (segments: readonly string[]) => Step,
): Step {
  const shown = segments.length === 0 ? base : `${base}.${joinPath(segments)}`
  return {
    run: segments.length === 0 ? read : (frame) => search(read(frame), segments) ?? null,
    label: `field \`${shown}\``,
    extend: (more) => make([...segments, ...more]),
  }
}

/** A path into whatever a query gives. */
export function insideStep(target: Step, segments: readonly string[]): Step {
  if (target.extend !== undefined) return target.extend(segments)
  return {
    run: (frame) => search(target.run(frame), segments) ?? null,
    label: `path \`${joinPath(segments)}\``,
    extend: (more) => insideStep(target, [...segments, ...more]),
  }
}

export function variableStep(name: string): Step {
  return {
    run(frame) {
      const value = frame.scope.variables.get(name)
      if (value === undefined) throw new MappingError(`variable '${name}' undefined`)
      return value
    },
    label: `variable ${name}`,
  }
}

/** `@` sees what this mapping already assigned; the functions `meta()` and `metadata()` see what came in. */
export function metadataStep(name: string | undefined): Step {
  if (name === undefined) return { run: (frame) => frame.run.metadata, label: 'meta object' }
  return {
    run: (frame) => fieldOf(frame.run.metadata, name) ?? null,
    label: `meta field ${name}`,
  }
}
