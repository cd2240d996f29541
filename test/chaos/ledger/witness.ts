/** What the tasks wrote about themselves, and what was done to them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Witnessed {
  readonly is: 'start' | 'exit' | 'overlap'
  readonly node: string
  readonly execution: string
  readonly attempt: number
  /** Exit code, or job. */
  readonly what: string
  /** Mark of a start, or who held the lock of an overlap. */
  readonly more: string
}

const lineOf = (node: string, line: string): Witnessed => {
  const [is, execution = '', attempt, what = '', ...more] = line.split(' ')
  if (is !== 'start' && is !== 'exit' && is !== 'overlap') throw new Error(`${node} wrote ${JSON.stringify(line)}`)
  return { is, node, execution, attempt: Number(attempt), what, more: more.join(' ') }
}

/** Whole lines only: the last one may be on its way. */
export const readWitness = (dir: string): readonly Witnessed[] =>
  readdirSync(dir)
    .filter((name) => name.startsWith('edge-'))
    .flatMap((node) =>
      readFileSync(join(dir, node), 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => lineOf(node, line)),
    )
