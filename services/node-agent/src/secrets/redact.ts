/**
 * Takes the values of secrets out of texts that leave a task: a pipeline's own words may hold what stood in its config.
 * The process is told their names by a variable, so that nobody hands values around.
 */

/** Names of the variables that are secrets, separated by commas. */
export const SECRET_NAMES = 'DUNLIN_SECRET_NAMES'

/** Shorter ones would take ordinary words apart. */
const LEAST_CHARS = 4

export const redactorOf = (env: Readonly<Record<string, string | undefined>>): ((text: string) => string) => {
  const values = (env[SECRET_NAMES] ?? '')
    .split(',')
    .map((name) => env[name] ?? '')
    .filter((value) => value.length >= LEAST_CHARS)
    // As JSON writes them too: log lines and problems are JSON.
    .flatMap((value) => [value, JSON.stringify(value).slice(1, -1)])
    .toSorted((a, b) => b.length - a.length)
  return (text) => values.reduce((left, value) => left.replaceAll(value, '***'), text)
}
