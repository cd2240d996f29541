/**
 * Draws captured terminal text as an SVG, for the README:
 *
 *   FORCE_COLOR=1 npm run --silent demo > demo.txt
 *   node infra/dev/picture.ts demo.txt docs/demo.svg
 *
 * Of the demo's two parts it shows what was decided and both tables; the dim lines (what nodes reported) are left out.
 */
import { readFileSync, writeFileSync } from 'node:fs'

const FONT_SIZE = 13
const LINE_HEIGHT = 18
const CHARACTER_WIDTH = 7.83
const MARGIN = 20
const COLUMNS = 132

const styles: Readonly<Record<string, string>> = {
  '1': 'b',
  '2': 'd',
  '31': 'r',
  '32': 'g',
  '33': 'y',
  '36': 'c',
}

interface Span {
  readonly text: string
  readonly style: string
}

/** The styles used here never nest deeper than two, and every end code closes the innermost. */
const spansOf = (line: string): readonly Span[] => {
  const spans: Span[] = []
  let open: readonly string[] = []
  // eslint-disable-next-line no-control-regex -- an escape sequence begins with a control character
  for (const [, code, text] of line.matchAll(/\u001B\[(\d+)m|([^\u001B]+)/g)) {
    if (text !== undefined) spans.push({ text, style: open.join(' ') })
    else if (code !== undefined) open = styles[code] === undefined ? open.slice(0, -1) : [...open, styles[code]]
  }
  return spans
}

const cutTo = (spans: readonly Span[], columns: number): readonly Span[] => {
  let room = columns
  return spans.flatMap(({ text, style }) => {
    const kept = text.length > room ? `${text.slice(0, Math.max(0, room - 1))}${room > 0 ? '…' : ''}` : text
    room -= text.length
    return kept === '' ? [] : [{ text: kept, style }]
  })
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** What is left out: lines whose message is dim from the actor on, as reports and intermediate states are. */
const isQuiet = (spans: readonly Span[]): boolean =>
  /^ {2}\d\d:\d\d:/.test(spans[0]?.text ?? '') && spans.every(({ style }) => style === 'd')

export const draw = (capture: string): string => {
  const lines = capture.split('\n')
  const from = lines.findIndex((line) => line.includes('1. A job from apply'))
  const upto = lines.findIndex((line) => line.includes('Why version 2 was halted'))
  if (from < 0 || upto < 0) throw new Error('this is no output of the demo')
  const shown = lines
    .slice(from, upto)
    .map(spansOf)
    .filter((spans) => !isQuiet(spans))
    .map((spans) => cutTo(spans, COLUMNS))
  while (shown.at(-1)?.length === 0) shown.pop()
  const width = Math.ceil(COLUMNS * CHARACTER_WIDTH + 2 * MARGIN)
  const height = shown.length * LINE_HEIGHT + 2 * MARGIN
  const rows = shown.map((spans, row) => {
    const texts = spans.map(({ text, style }) =>
      style === '' ? escape(text) : `<tspan class="${style}">${escape(text)}</tspan>`,
    )
    return `<text x="${MARGIN}" y="${MARGIN + FONT_SIZE + row * LINE_HEIGHT}">${texts.join('')}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Output of npm run demo">
<style>
text { font: ${FONT_SIZE}px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #d6dde4; white-space: pre }
.b { font-weight: bold; fill: #ffffff } .d { fill: #8794a1 } .r { fill: #ff7b72 } .g { fill: #7ee787 } .y { fill: #e3b341 } .c { fill: #79c0ff }
</style>
<rect width="100%" height="100%" rx="8" fill="#10161d"/>
${rows.join('\n')}
</svg>
`
}

const [source, target] = process.argv.slice(2)
if (import.meta.main) {
  if (source === undefined || target === undefined) throw new Error('usage: picture.ts CAPTURE.txt PICTURE.svg')
  writeFileSync(target, draw(readFileSync(source, 'utf8')))
}
