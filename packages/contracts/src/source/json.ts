/** Reads JSON strictly: what JSON.parse would drop or change without a word is refused, with its place. */
import { isUnsafeNumber, malformed, unsafeNumberFault, type TextFault } from './fault.ts'
import { scanJson } from './json-scan.ts'
import { MAX_FAULTS, MAX_TEXT_DEPTH } from './limits.ts'
import { placeAt, type Path, type YamlSource } from './place.ts'
import type { ReadText } from './read-text.ts'

/** Refuses duplicate keys, numbers beyond 2^53 and absurd depth. Fails with malformed_body. */
export const parseJsonStrict = (text: string): ReadText => {
  const faults: TextFault[] = []
  const add = (fault: TextFault): boolean => faults.push(fault) < MAX_FAULTS
  const syntax = scanJson(text, MAX_TEXT_DEPTH, {
    value: (path, start, raw) =>
      raw === undefined || !isNumber(raw) || !isUnsafeNumber(Number(raw))
        ? true
        : add(unsafeNumberFault(path, placeAt(text, start))),
    duplicate: (path, start) =>
      add({ code: 'duplicate_key', path, ...placeAt(text, start), message: 'the same key for the second time' }),
    tooDeep: (path, start) =>
      add({
        code: 'too_deep',
        path: path.slice(0, 8),
        ...placeAt(text, start),
        message: `more than ${MAX_TEXT_DEPTH} levels`,
      }),
  })
  if (syntax !== undefined)
    return refused([{ code: 'syntax', path: [], ...placeAt(text, syntax.at), message: syntax.message }])
  return faults.length > 0
    ? refused(faults)
    : { ok: true, value: JSON.parse(text) as unknown, source: jsonSource(text) }
}

const refused = (faults: readonly TextFault[]): ReadText => ({ ok: false, error: malformed(faults, 'The JSON') })

const isNumber = (raw: string): boolean => /^[-0-9]/.test(raw)

/** Places are looked for when somebody asks: that is only after an error. */
const jsonSource = (text: string): YamlSource => {
  const find = (path: Path): { start: number; raw: string | undefined; whole: boolean } | undefined => {
    let best: { start: number; raw: string | undefined; depth: number } | undefined
    scanJson(text, MAX_TEXT_DEPTH, {
      value: (at, start, raw) => {
        if (at.length > path.length || at.some((part, index) => part !== path[index])) return true
        if (best === undefined || at.length > best.depth) best = { start, raw, depth: at.length }
        return at.length < path.length
      },
    })
    return best === undefined ? undefined : { ...best, whole: best.depth === path.length }
  }
  return {
    placeOf: (path) => {
      const found = find(path)
      return found === undefined ? undefined : placeAt(text, found.start)
    },
    textOf: (path) => {
      const found = find(path)
      return found?.whole === true && found.raw !== undefined && !found.raw.startsWith('"') ? found.raw : undefined
    },
  }
}
