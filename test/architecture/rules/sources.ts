// Every source can be read by the parser that also runs the tests and builds the bundle.
import { parse } from '../imports.ts'
import { isSource, type Rule } from '../tree.ts'

export const parseable: Rule = (tree) =>
  [...tree].flatMap(([path, text]) => {
    const result = isSource(path) ? parse(path, text) : undefined
    return typeof result === 'string' ? [`${path}: ${result.trim()}`] : []
  })
