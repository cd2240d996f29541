/**
 * What no part of a spec may hold, whatever the schema says: a spec is kept for good as canonical JSON in UTF-8 and is
 * hashed, so it must come back exactly as it was.
 */
import type { Path } from '../source/place.ts'
import type { SpecIssue } from './issue.ts'

const MAX_DEPTH = 64
/** Lists and objects inside aliases count each time they are reached. */
const MAX_NODES = 200_000
const MAX_ISSUES = 100

/** Walks a parsed value; the issues name every place. Stops early at what would be too much to walk. */
export const findUnkeepable = (root: unknown): readonly SpecIssue[] => {
  const issues: SpecIssue[] = []
  let nodes = 0
  let tooMuch = false

  const visit = (value: unknown, path: Path): void => {
    nodes += 1
    if (tooMuch || issues.length >= MAX_ISSUES) return
    if (path.length > MAX_DEPTH || nodes > MAX_NODES) {
      tooMuch = true
      const limit = path.length > MAX_DEPTH ? `${MAX_DEPTH} levels` : `${MAX_NODES} values`
      issues.push({ path: path.slice(0, 8), code: 'too_deep', message: `holds more than ${limit}` })
    } else if (typeof value === 'string') {
      if (!value.isWellFormed())
        issues.push({ path, code: 'not_text', message: 'holds half a surrogate pair: it is not text' })
    } else if (typeof value === 'number') checkNumber(value, path)
    else if (Array.isArray(value)) for (const [index, item] of value.entries()) visit(item, [...path, index])
    else if (typeof value === 'object' && value !== null) visitObject(value, path)
    else if (value !== null && typeof value !== 'boolean')
      issues.push({ path, code: 'not_json', message: `is a ${typeof value}, which JSON cannot hold` })
  }

  const visitObject = (value: object, path: Path): void => {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null)
      issues.push({ path, code: 'not_json', message: 'is not a plain object' })
    for (const [key, item] of Object.entries(value)) {
      if (key === '__proto__') issues.push({ path: [...path, key], code: 'not_json', message: 'is not a field name' })
      else if (!key.isWellFormed()) issues.push({ path, code: 'not_text', message: 'has a key that is not text' })
      // As in JSON, an undefined member is no member.
      else if (item !== undefined) visit(item, [...path, key])
    }
  }

  const checkNumber = (value: number, path: Path): void => {
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
      issues.push(unsafeNumber(path))
  }

  visit(root, [])
  return issues
}

const unsafeNumber = (path: Path): SpecIssue => ({
  path,
  code: 'unsafe_number',
  message: 'is a number beyond 2^53 (or not finite), which cannot be kept exactly',
  hint: 'Write it as a string.',
})
