// Joining path elements the way Go's filepath package does: empty elements vanish, `.` and `..` are resolved.

export function cleanPath(parts: readonly string[]): string {
  const filled = parts.filter((part) => part !== '')
  if (filled.length === 0) return ''
  const path = filled.join('/')
  const rooted = path.startsWith('/')
  const kept: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') kept.push(part)
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop()
    else if (!rooted) kept.push('..')
  }
  return (rooted ? '/' : '') + kept.join('/') || '.'
}
