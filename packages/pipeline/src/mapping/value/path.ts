// Dot paths: reading, writing and deleting inside a document. Writing copies the containers on the way that the running
// mapping does not own yet, so that the input and shared values are never changed.
import { MappingError } from './errors.ts'
import { fieldOf, isObject, putField, typeOf, type ObjectValue, type Value } from './types.ts'

/** Splits `a.b~1c` into its segments; `~1` is a dot and `~0` a tilde inside a segment. */
export function splitPath(path: string): string[] {
  return path.split('.').map((segment) => segment.replaceAll('~1', '.').replaceAll('~0', '~'))
}

export function joinPath(segments: readonly string[]): string {
  return segments.map((segment) => segment.replaceAll('~', '~0').replaceAll('.', '~1')).join('.')
}

/** The value at a path, or undefined where there is none. `*` walks all elements of an array. */
export function search(value: Value, path: readonly string[], from = 0): Value | undefined {
  let current: Value | undefined = value
  for (let i = from; i < path.length; i++) {
    const segment = path[i] ?? ''
    if (Array.isArray(current)) {
      if (segment === '*') return searchAll(current, path, i + 1)
      const index = arrayIndex(segment)
      current = index === undefined ? undefined : current[index]
    } else current = isObject(current) ? fieldOf(current, segment) : undefined
    if (current === undefined) return undefined
  }
  return current
}

function searchAll(items: readonly Value[], path: readonly string[], from: number): Value | undefined {
  if (from >= path.length) return items.length === 0 ? undefined : [...items]
  const found: Value[] = []
  for (const item of items) {
    const inner = search(item, path, from)
    if (inner !== undefined) found.push(inner)
  }
  return found.length === 0 ? undefined : found
}

function arrayIndex(segment: string): number | undefined {
  return /^[+-]?\d+$/.test(segment) ? Number(segment) : undefined
}

/** Containers that this run made itself and may therefore change in place. */
export type Owned = Set<Value[] | ObjectValue>

/** The document with a value set at a path; missing objects on the way are made. */
export function setPath(root: Value, path: readonly string[], value: Value, owned: Owned): Value {
  return setFrom(root, path, 0, value, owned)
}

function setFrom(current: Value, path: readonly string[], at: number, value: Value, owned: Owned): Value {
  if (at === path.length) return value
  const segment = path[at] ?? ''
  if (Array.isArray(current)) return setElement(current, path, at, value, owned)
  if (!isObject(current)) throw collision(current, path, at)
  const own = owned.has(current) ? current : adopt({ ...current }, owned)
  const last = at === path.length - 1
  putField(own, segment, last ? value : setFrom(fieldOf(own, segment) ?? adopt({}, owned), path, at + 1, value, owned))
  return own
}

function setElement(items: Value[], path: readonly string[], at: number, value: Value, owned: Owned): Value {
  const segment = path[at] ?? ''
  const own = owned.has(items) ? items : adopt([...items], owned)
  const last = at === path.length - 1
  if (segment === '-') {
    own.push(last ? value : setFrom(adopt({}, owned), path, at + 1, value, owned))
    return own
  }
  const index = arrayIndex(segment)
  const where = `failed to resolve path segment '${at}': found array but`
  if (index === undefined) {
    throw unset(
      path,
      `${where} segment value '${segment}' could not be parsed into array index: strconv.Atoi: parsing ${JSON.stringify(segment)}: invalid syntax`,
    )
  }
  if (index < 0 || index >= own.length) {
    throw unset(path, `${where} index '${index}' exceeded target array size of '${own.length}'`)
  }
  own[index] = last ? value : setFrom(own[index] ?? null, path, at + 1, value, owned)
  return own
}

function adopt<T extends Value[] | ObjectValue>(container: T, owned: Owned): T {
  owned.add(container)
  return container
}

function collision(found: Value, path: readonly string[], at: number): MappingError {
  const type = typeOf(found)
  if (at === 0) return unset(path, undefined, `the root was a non-object type (${type})`)
  return unset(path, undefined, `${joinPath(path.slice(0, at))} was a non-object type (${type})`)
}

function unset(path: readonly string[], reason: string | undefined, culprit = ''): MappingError {
  const target = `unable to set target path ${joinPath(path)}`
  return new MappingError(reason === undefined ? `${target} as the value of ${culprit}` : `${target}: ${reason}`)
}

/** The document without what stands at a path; without the path it is unchanged. */
export function deletePath(root: Value, path: readonly string[], owned: Owned): Value {
  const parentPath = path.slice(0, -1)
  const last = path.at(-1) ?? ''
  const parent = search(root, parentPath)
  if (Array.isArray(parent)) {
    const index = arrayIndex(last)
    if (index === undefined || index < 0 || index >= parent.length) return root
    return setPath(root, parentPath, parent.toSpliced(index, 1), owned)
  }
  if (!isObject(parent) || !Object.hasOwn(parent, last)) return root
  const { [last]: _removed, ...rest } = parent
  return setPath(root, parentPath, rest, owned)
}
