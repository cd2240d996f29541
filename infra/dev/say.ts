/** What the person who waits sees: a line per step with its time, on standard error; standard output is for results. */

export type Say = (line: string) => void

export const say: Say = (line) => {
  process.stderr.write(`dunlin: ${line}\n`)
}

/** Runs a step and tells how long it took; what the step returns names the result, e.g. an address. */
export const step = async <T>(title: string, run: () => Promise<T>, shown: (result: T) => string): Promise<T> => {
  const begin = performance.now()
  const result = await run()
  const text = shown(result)
  say(`${title.padEnd(16)} ${text}${text === '' ? '' : ', '}${seconds(performance.now() - begin)}`)
  return result
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

/** A reason to end that a person can act on; shown without a stack. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError'
  readonly exitCode: number

  /** `usage`: the command was wrong, nothing was tried. */
  constructor(message: string, kind: 'usage' | 'failed' = 'failed') {
    super(message)
    this.exitCode = kind === 'usage' ? 2 : 1
  }
}
