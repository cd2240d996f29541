/** A wrong command line ends with one sentence, how it is meant, and code 2. */
export const explainUsage = (message: string, usage: string): void => {
  process.stderr.write(`${message}\n\n${usage}\n`)
  process.exitCode = 2
}

/** What `read` makes of the flags; undefined, and explained, when they are wrong. */
export const readOrExplain = <T>(read: () => T, usage: string): T | undefined => {
  try {
    return read()
  } catch (error) {
    explainUsage(error instanceof Error ? error.message : String(error), usage)
    return undefined
  }
}
