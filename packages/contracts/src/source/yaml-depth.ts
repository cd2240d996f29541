/** How deep a YAML text nests, found from its tokens: cheap, and without recursion. */
import { CST, Lexer } from 'yaml'

/** Offset at which the text nests deeper than `max` levels of one style; undefined when it never does. */
export const tooDeepAt = (text: string, max: number): number | undefined =>
  blockDepthAt(text, max) ?? flowDepthAt(text, max)

/** Every level of a block takes at least one column, `- - - x` and `? ? ? x` two. */
const blockDepthAt = (text: string, max: number): number | undefined => {
  for (const { index, 0: indent } of text.matchAll(/^[ ?-]*(?=\S)/gm)) {
    const markers = indent.replaceAll(/[^?-]/g, '').length
    if (markers > max || indent.length > 16 * max) return index
  }
  return undefined
}

const flowDepthAt = (text: string, max: number): number | undefined => {
  if ((text.match(/[[{]/g)?.length ?? 0) <= max) return undefined
  let depth = 0
  let offset = 0
  let scalar = false
  for (const token of new Lexer().lex(text)) {
    // A plain or block scalar follows its mark, and may look like anything.
    const type = scalar ? 'scalar' : CST.tokenType(token)
    scalar = token === CST.SCALAR
    if (type === 'flow-seq-start' || type === 'flow-map-start') depth += 1
    else if (type === 'flow-seq-end' || type === 'flow-map-end') depth -= 1
    if (depth > max) return offset
    // Marks stand for nothing in the text.
    if (type !== 'doc-mode' && type !== 'flow-error-end' && !scalar) offset += token.length
  }
  return undefined
}
