// Statements compiled to actions on the document being built, the variables and the metadata.
import { placeOf } from '../lex/source.ts'
import type { Statement } from '../parse/tree.ts'
import { MappingError, prefixed } from '../value/errors.ts'
import { deletePath, setPath } from '../value/path.ts'
import {
  DELETED,
  EMPTY_LITERAL,
  NOTHING,
  isObject,
  putField,
  typeOf,
  type ObjectValue,
  type Value,
} from '../value/types.ts'
import { nonBoolean } from './branch.ts'
import type { Action, CompiledStatement, Frame, Run, Scope } from './frame.ts'
import { compileQuery } from './query.ts'
import type { Scene } from './scene.ts'
import type { Step } from './step.ts'

export function compileStatements(statements: readonly Statement[], scene: Scene): CompiledStatement[] {
  return statements.map((statement) => ({
    act: compileStatement(statement, scene),
    line: placeOf(scene.text, statement.at).line,
  }))
}

function compileStatement(statement: Statement, scene: Scene): Action {
  switch (statement.kind) {
    case 'assign':
      return assign(statement.path, compileQuery(statement.query, scene))
    case 'let':
      return assignVariable(statement.name, compileQuery(statement.query, scene))
    case 'meta':
      return assignMetadata(statement.name, compileQuery(statement.query, scene))
    case 'if':
      return branches(
        statement.branches.map((branch) => ({
          condition: branch.condition && compileQuery(branch.condition, scene),
          body: branch.body.map((inner) => compileStatement(inner, scene)),
        })),
      )
  }
}

function assign(path: readonly string[], step: Step): Action {
  return (frame) => {
    const value = step.run(frame)
    if (value === NOTHING) return
    const { scope } = frame
    // The value may hold containers this run owns (root itself, say): from here on they are shared.
    if (typeof value === 'object' && value !== null) scope.owned.clear()
    scope.root = placed(scope, path, value === EMPTY_LITERAL ? [] : value)
  }
}

function placed(scope: Scope, path: readonly string[], value: Value): Value {
  if (path.length === 0) return value
  const root = scope.root === NOTHING || scope.root === null ? {} : scope.root
  return value === DELETED ? deletePath(root, path, scope.owned) : setPath(root, path, value, scope.owned)
}

function assignVariable(name: string, step: Step): Action {
  return (frame) => {
    const value = step.run(frame)
    if (value === NOTHING) return
    if (typeof value === 'object' && value !== null) frame.scope.owned.clear()
    if (value === DELETED) frame.scope.variables.delete(name)
    else frame.scope.variables.set(name, value)
  }
}

function assignMetadata(name: string | undefined, step: Step): Action {
  return (frame) => {
    const value = step.run(frame)
    if (value === NOTHING) return
    const { run } = frame
    if (typeof value === 'object' && value !== null) frame.scope.owned.clear()
    if (name === undefined) {
      run.metadata = wholeMetadata(value)
      run.metadataOwned = true
      return
    }
    const metadata = ownMetadata(run)
    if (value === DELETED) delete metadata[name]
    else putField(metadata, name, value)
  }
}

function wholeMetadata(value: Value): ObjectValue {
  if (value === DELETED) return {}
  if (isObject(value)) return { ...value }
  throw new MappingError(`setting root meta object requires object value, received: ${typeOf(value)}`)
}

function ownMetadata(run: Run): ObjectValue {
  if (!run.metadataOwned) {
    run.metadata = { ...run.metadata }
    run.metadataOwned = true
  }
  return run.metadata
}

/** The statement, unlike the expression, insists on a boolean. */
function branches(all: readonly { condition: Step | undefined; body: readonly Action[] }[]): Action {
  return (frame) => {
    for (const [i, { condition, body }] of all.entries()) {
      if (condition === undefined || holds(condition, frame, i)) {
        for (const act of body) act(frame)
        return
      }
    }
  }
}

function holds(condition: Step, frame: Frame, index: number): boolean {
  let value: Value
  try {
    value = condition.run(frame)
  } catch (error) {
    throw prefixed(`failed to check if condition ${index + 1}`, error)
  }
  if (typeof value === 'boolean') return value
  throw nonBoolean(condition, value)
}
