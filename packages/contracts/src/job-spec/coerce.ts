/** YAML reads `on: true` and `version: 1.10` as a boolean and a number where text is meant: makes them text, and says so. */
import type { Path, YamlSource } from '../source/place.ts'
import { pathText } from '../source/place.ts'
import type { Warning } from './warning.ts'
import { isFields, type Fields } from './wrapping.ts'

/** Maps of text to text that people write by hand. */
const maps: readonly Path[] = [['labels'], ['meta'], ['selector', 'match_labels'], ['config', 'env']]

export const coerceTexts = (
  spec: Fields,
  source: YamlSource | undefined,
): { readonly spec: Fields; readonly warnings: readonly Warning[] } => {
  const warnings: Warning[] = []
  let result = spec
  for (const path of maps) {
    // Only a process has an environment of text; in a pipeline the same name means something else.
    if (path[0] === 'config' && spec['type'] !== 'process') continue
    result = replaceAt(result, path, (map) => coerceMap(map, path, source, warnings))
  }
  return { spec: result, warnings }
}

const coerceMap = (map: Fields, path: Path, source: YamlSource | undefined, warnings: Warning[]): Fields =>
  Object.fromEntries(
    Object.entries(map).map(([key, value]) => {
      if (typeof value !== 'boolean' && typeof value !== 'number') return [key, value]
      const text = source?.textOf([...path, key]) ?? String(value)
      warnings.push({
        code: 'coerced',
        path: pathText([...path, key]),
        message: `is a ${typeof value}; it was taken as the text ${JSON.stringify(text)}`,
      })
      return [key, text]
    }),
  )

/** A copy with the map at `path` changed; the same object when there is no map. */
const replaceAt = (fields: Fields, path: Path, change: (map: Fields) => Fields): Fields => {
  const [head, ...rest] = path
  if (head === undefined) return change(fields)
  const inner = fields[head]
  return isFields(inner) ? { ...fields, [head]: replaceAt(inner, rest, change) } : fields
}
