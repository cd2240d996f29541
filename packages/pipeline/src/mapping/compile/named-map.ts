// Running a named map.
import { MapError, MappingError, NoDocumentError } from '../value/errors.ts'
import { NOTHING, type Value } from '../value/types.ts'
import type { CompiledMap, Frame, Scope } from './frame.ts'

const MAX_MAP_DEPTH = 5000

/** Runs a named map on a value: a document of its own, variables of its own, the metadata out of reach. */
export function applyMap(map: CompiledMap, value: Value, frame: Frame): Value {
  const depth = frame.scope.depth + 1
  if (depth > MAX_MAP_DEPTH) throw tooDeep(map)
  const scope: Scope = { root: NOTHING, owned: new Set(), variables: new Map(), depth }
  const inner = frame.with(value).inScope(scope)
  for (const { act, line } of map.statements) {
    try {
      act(inner)
    } catch (error) {
      if (error instanceof RangeError) throw tooDeep(map)
      throw atLine(error, line)
    }
  }
  return scope.root
}

function tooDeep(map: CompiledMap): MapError {
  const limit = `exceeded maximum allowed stacks of ${MAX_MAP_DEPTH}`
  return new MapError(`entering map ${map.name} ${limit}, this could be due to unbounded recursion`)
}

function atLine(error: unknown, line: number): unknown {
  if (!(error instanceof MappingError) || error instanceof NoDocumentError || error instanceof MapError) return error
  return new MapError(`failed assignment (line ${line}): ${error.message}`)
}
