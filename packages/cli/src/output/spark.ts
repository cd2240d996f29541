/** Numbers as a line of small columns. */
const COLUMNS = '▁▂▃▄▅▆▇█'

/** As many columns as asked, each the highest of the numbers that it stands for; `most` is a full one. */
export const spark = (numbers: readonly number[], most: number, width = 40): string => {
  const per = Math.max(1, Math.ceil(numbers.length / width))
  const out: string[] = []
  for (let i = 0; i < numbers.length; i += per) {
    const highest = Math.max(...numbers.slice(i, i + per))
    const share = most > 0 ? Math.min(1, Math.max(0, highest / most)) : 0
    out.push(COLUMNS[Math.min(COLUMNS.length - 1, Math.round(share * (COLUMNS.length - 1)))] ?? ' ')
  }
  return out.join('')
}
