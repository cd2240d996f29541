/** Finds the name that somebody probably meant. */

/**
 * Damerau-Levenshtein distance in its "optimal string alignment" form: insert, delete, replace, and swap of two
 * neighbours cost 1 each.
 */
export const editDistance = (a: string, b: string): number => {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min((row[j - 1] ?? 0) + 1, (last[j] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}

const LONGEST_COMPARED = 64

/** Spelling that people vary without meaning: case, and `-` for `_`. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_ ]/g, '')

/** The closest of `known`, or undefined when none is close: one edit in short names, a third of the letters in longer. */
export const nearestName = (name: string, known: readonly string[]): string | undefined => {
  if (name.length > LONGEST_COMPARED) return undefined
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(plain(name).length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(plain(name), plain(candidate))
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}
