/** A line chart as SVG, readable on light and on dark pages; series differ in colour, dash and mark, not in colour alone. */

export interface Axis {
  readonly label: string
  readonly scale: 'log' | 'linear'
  readonly from: number
  readonly to: number
  readonly ticks: readonly number[]
  readonly show: (value: number) => string
}

export interface Series {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
  /** Index into the palette; 0 is the text colour, for what the chart is about. */
  readonly colour: number
  /** A line, steps from point to point, marks, or open marks for limits. */
  readonly as: 'line' | 'steps' | 'marks' | 'limits'
  readonly dashed?: boolean
}

export interface Chart {
  readonly title: string
  readonly subtitle: string
  readonly x: Axis
  readonly y: Axis
  readonly series: readonly Series[]
}

const WIDTH = 860
const PLOT = { left: 96, top: 64, width: 734, height: 330 }
const LEGEND_ROW = 20
const LEGEND_COLUMNS = 2

/** Told apart by people who see colours differently too; the second row is for dark pages. */
const LIGHT = ['#1f2328', '#0072b2', '#d55e00', '#007a5a', '#a5407f', '#8a6d00', '#5b5fc7']
const DARK = ['#f0f3f6', '#56b4e9', '#ff8a4c', '#3fc79a', '#e08fc0', '#e0b93b', '#a9acff']
const DASHES = ['', '7 4', '2 3', '9 3 2 3', '4 4', '1 4', '12 4']

const style = (): string => {
  const classes = (palette: readonly string[]): string =>
    palette.map((colour, i) => `.s${i}{stroke:${colour}}.f${i}{fill:${colour}}`).join('')
  return [
    'text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-size:16px;font-weight:600}.quiet{fill:#59636e}',
    '.axis{stroke:#59636e;fill:none}.grid{stroke:#d1d9e0;fill:none}.line{fill:none;stroke-width:2}.open{fill:none;stroke-width:1.5}',
    classes(LIGHT),
    `@media (prefers-color-scheme:dark){text{fill:#f0f3f6}.quiet{fill:#9198a1}.axis{stroke:#9198a1}.grid{stroke:#3d444d}${classes(DARK)}}`,
  ].join('')
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const place = ({ scale, from, to }: Axis, value: number): number => {
  const clamped = Math.min(Math.max(value, Math.min(from, to)), Math.max(from, to))
  return scale === 'linear'
    ? (clamped - from) / (to - from)
    : (Math.log(clamped) - Math.log(from)) / (Math.log(to) - Math.log(from))
}

const number = (value: number): string => String(Number(value.toFixed(1)))

export const drawChart = ({ title, subtitle, x, y, series }: Chart): string => {
  const atX = (value: number): number => PLOT.left + place(x, value) * PLOT.width
  const atY = (value: number): number => PLOT.top + (1 - place(y, value)) * PLOT.height
  const bottom = PLOT.top + PLOT.height
  const legendTop = bottom + 62
  const height = legendTop + Math.ceil(series.length / LEGEND_COLUMNS) * LEGEND_ROW + 6
  const grid = [
    ...y.ticks.map((tick) => {
      const at = number(atY(tick))
      return `<path class="grid" d="M${PLOT.left} ${at}h${PLOT.width}"/><text class="quiet" x="${PLOT.left - 8}" y="${at}" text-anchor="end" dominant-baseline="middle">${escaped(y.show(tick))}</text>`
    }),
    ...x.ticks.map((tick) => {
      const at = number(atX(tick))
      return `<path class="axis" d="M${at} ${bottom}v5"/><text class="quiet" x="${at}" y="${bottom + 20}" text-anchor="middle">${escaped(x.show(tick))}</text>`
    }),
    `<path class="axis" d="M${PLOT.left} ${PLOT.top}v${PLOT.height}h${PLOT.width}"/>`,
    `<text class="quiet" x="${PLOT.left + PLOT.width / 2}" y="${bottom + 42}" text-anchor="middle">${escaped(x.label)}</text>`,
    `<text class="quiet" transform="translate(22 ${PLOT.top + PLOT.height / 2})rotate(-90)" text-anchor="middle">${escaped(y.label)}</text>`,
  ]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${style()}</style>`,
    `<text class="title" x="16" y="24">${escaped(title)}</text><text class="quiet" x="16" y="46">${escaped(subtitle)}</text>`,
    ...grid,
    ...series.map((one) =>
      drawn(
        one,
        one.points.map(([px, py]) => [atX(px), atY(py)] as const),
      ),
    ),
    ...series.map((one, i) =>
      legend(one, 24 + (i % LEGEND_COLUMNS) * 420, legendTop + Math.floor(i / LEGEND_COLUMNS) * LEGEND_ROW),
    ),
    '</svg>',
    '',
  ].join('\n')
}

const drawn = ({ as, colour, dashed }: Series, at: readonly (readonly [number, number])[]): string => {
  if (as === 'marks' || as === 'limits') return at.map(([px, py]) => mark(as, colour, px, py)).join('')
  const path = at
    .map(([px, py], i) => {
      if (i === 0) return `M${number(px)} ${number(py)}`
      return as === 'steps' ? `H${number(px)}V${number(py)}` : `L${number(px)} ${number(py)}`
    })
    .join('')
  return `<path class="line s${colour}" ${dashOf(colour, dashed)}d="${path}"/>`
}

const dashOf = (colour: number, dashed: boolean | undefined): string =>
  dashed === true ? `stroke-dasharray="${DASHES[colour] || '6 4'}" ` : ''

const mark = (as: 'marks' | 'limits', colour: number, px: number, py: number): string =>
  as === 'marks'
    ? `<circle class="f${colour}" cx="${number(px)}" cy="${number(py)}" r="5"/>`
    : `<path class="open s${colour}" d="M${number(px - 5)} ${number(py - 4)}h10l-5 8z"/>`

const legend = ({ name, as, colour, dashed }: Series, left: number, top: number): string => {
  const sample =
    as === 'marks' || as === 'limits'
      ? mark(as, colour, left + 14, top)
      : `<path class="line s${colour}" ${dashOf(colour, dashed)}d="M${left} ${top}h28"/>`
  return `${sample}<text x="${left + 38}" y="${top}" dominant-baseline="middle">${escaped(name)}</text>`
}
