/** Figures for people. */
import { styleText } from 'node:util'
import type { Figure } from './figure.ts'

const verdict = ({ met }: Figure): string => (met === null ? '' : met ? 'met' : 'MISSED')

export const table = (figures: readonly Figure[], colors: boolean): string => {
  const rows = figures.map((one) => [one.name, `${one.value}`, one.unit, one.goal ?? '', verdict(one)])
  const head = ['figure', 'value', 'unit', 'goal', '']
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]): string => cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')
  const paint = (text: string, met: boolean | null): string =>
    !colors || met === null ? text : styleText(met ? 'green' : 'red', text)
  return [
    line(head),
    ...figures.flatMap((one, i) => [paint(line(rows[i] ?? []), one.met), `    ${one.detail}`]),
    '',
  ].join('\n')
}
