/** Where a value stood in the text it came from. Parsers that know make one of these; errors then carry line and column. */

export type Path = readonly (string | number)[]

export interface SourcePlace {
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units. */
  readonly column: number
}

export interface YamlSource {
  /** The key of the field when it has one, else the value; the nearest parent that exists when the field does not. */
  placeOf(path: Path): SourcePlace | undefined
  /** A scalar exactly as it was written (`1.10`, not the number 1.1); undefined for anything else. */
  textOf(path: Path): string | undefined
}

/** `rollout.health_check.interval`, `args[2]`, `labels["a.b"]` */
export const pathText = (path: Path): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    if (!/^[A-Za-z0-9_-]+$/.test(part)) return `${text}[${JSON.stringify(part)}]`
    return text === '' ? part : `${text}.${part}`
  }, '')

/** Line and column of an offset in a text. */
export const placeAt = (text: string, offset: number): SourcePlace => {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  let line = 1
  for (let at = before.indexOf('\n'); at !== -1; at = before.indexOf('\n', at + 1)) line += 1
  return { line, column: offset - lineStart + 1 }
}
