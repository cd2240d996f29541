/**
 * Canonical JSON: object keys sorted by code unit, no spaces, `undefined` left out. The hash of a spec or a content is
 * taken over it, so that the order in which somebody wrote the keys changes nothing. (RFC 8785 without its number rules:
 * JSON.stringify already writes numbers in the shortest form.)
 */
export const canonicalJson = (value: unknown): string => {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
}
