/** Seeds that nobody chose: they derive from the commit that is measured. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'

export interface MeasuredCommit {
  readonly id: string
  /** Files differ from that commit: the figures say so. */
  readonly dirty: boolean
}

const git = (root: URL, ...args: string[]): string =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()

/** Throws where there is no repository: figures without a commit would be figures with chosen seeds. */
export const measuredCommit = (root: URL): MeasuredCommit => ({
  id: git(root, 'rev-parse', 'HEAD'),
  dirty: git(root, 'status', '--porcelain', '--', '.', ':!docs/figures*').length > 0,
})

/** The `n`-th seed of a figure: the first 32 bits of SHA-256 over "commit figure n". */
const seedOf = (commit: string, figure: string, n: number): number =>
  createHash('sha256').update(`${commit} ${figure} ${n}`).digest().readUInt32BE(0)

export const seedsOf = (commit: string, figure: string, count: number): number[] =>
  Array.from({ length: count }, (_, n) => seedOf(commit, figure, n))
