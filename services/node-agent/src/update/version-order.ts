/** Which of two versions is the newer: part by part, numbers as numbers, and "1.2.0-rc.1" before "1.2.0". */

/** Negative when `a` is older, 0 when neither is. What follows "+" says how it was built, not what it is. */
export const compareVersions = (a: string, b: string): number => {
  const [first, firstSuffix] = partsOf(a)
  const [second, secondSuffix] = partsOf(b)
  const difference = compareParts(first, second, '0')
  if (difference !== 0) return difference
  if (firstSuffix === undefined || secondSuffix === undefined)
    return Number(firstSuffix === undefined) - Number(secondSuffix === undefined)
  return compareParts(firstSuffix, secondSuffix, '')
}

const split = (text: string): string[] => text.split(/[._-]/)

const partsOf = (version: string): [string[], string[] | undefined] => {
  const bare = version.replace(/\+.*$/, '').replace(/^v(?=\d)/, '')
  const cut = bare.indexOf('-')
  return cut < 0 ? [split(bare), undefined] : [split(bare.slice(0, cut)), split(bare.slice(cut + 1))]
}

const compareParts = (a: readonly string[], b: readonly string[], missing: string): number => {
  for (let n = 0; n < Math.max(a.length, b.length); n++) {
    const difference = comparePart(a[n] ?? missing, b[n] ?? missing)
    if (difference !== 0) return difference
  }
  return 0
}

const comparePart = (a: string, b: string): number => {
  const [first, second] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (first && second) return Number(a) - Number(b)
  // Nothing before numbers, numbers before words.
  if (first !== second && a !== '' && b !== '') return first ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}
