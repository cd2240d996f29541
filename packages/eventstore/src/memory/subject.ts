/** NATS wildcards: `*` is one token, a last `>` is one or more. */
export const matches = (pattern: string, subject: string): boolean => {
  if (pattern === subject) return true
  const wanted = pattern.split('.')
  const given = subject.split('.')
  for (const [index, token] of wanted.entries()) {
    if (token === '>') return index === wanted.length - 1 && given.length > index
    if (given[index] === undefined || (token !== '*' && token !== given[index])) return false
  }
  return wanted.length === given.length
}
