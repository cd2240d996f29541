/** What agents and the commands of updates wrote: which version began to work, and which step of an update was taken. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Step {
  readonly is: 'apply' | 'restart' | 'check' | 'overlap'
  readonly execution: string
  /** Of the slot that the step was about; absent where two met. */
  readonly mark: string
}

const linesOf = (file: string): readonly string[][] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        // Whole lines only: the last one may be on its way.
        .slice(0, -1)
        .map((line) => line.split(' '))
    : []

/** In the order in which they were taken. */
export const readSteps = (ledgerDir: string, node: string): readonly Step[] =>
  linesOf(join(ledgerDir, `updates.${node}`)).map(([is, execution = '', mark = '']) => {
    if (is !== 'apply' && is !== 'restart' && is !== 'check' && is !== 'overlap')
      throw new Error(`an update on ${node} wrote ${JSON.stringify(is)}`)
    return { is, execution, mark }
  })

/** Mark of the version that each agent of a node was loaded from, by its process; the last one that had the number. */
export const readBoots = (ledgerDir: string, node: string): ReadonlyMap<number, string> =>
  new Map(linesOf(join(ledgerDir, `agents.${node}`)).map(([, pid, mark = '']) => [Number(pid), mark]))
