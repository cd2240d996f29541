/** Which subjects are worth compacting: those whose story is over, and those whose visible history is long. */
import type { Aggregate } from '../aggregate.ts'
import type { Fold, Kinds } from '../fold/types.ts'
import type { Log } from '../log.ts'
import type { CompactTarget } from './types.ts'

export interface CompactPolicy {
  /** Visible commits from which any subject is compacted. */
  readonly longCommits: number
  /** Visible commits from which a subject is compacted whose story is over. */
  readonly terminalCommits: number
  /** Is the story of this aggregate over (a deleted or completed job, a removed node)? */
  readonly isTerminal?: (kind: string, key: string, aggregate: Aggregate<unknown>) => boolean
  /** Share of `max_bytes` (0..1) below which nothing is done; default 0. Without a limit of the log it does not count. */
  readonly fromUsage?: number
  readonly atMost?: number
}

export const COMPACT_POLICY: CompactPolicy = { longCommits: 1_000, terminalCommits: 8 }

export interface PlannedCompaction extends CompactTarget {
  readonly why: 'terminal' | 'long'
  /** Commits that can be purged, as far as the fold knows. */
  readonly commits: number
}

/** The longest first. Looks at every aggregate: for a rare command, not for a loop. */
export const planCompaction = async <K extends Kinds>(
  fold: Fold<K>,
  log: Pick<Log, 'info'>,
  policy: CompactPolicy = COMPACT_POLICY,
): Promise<PlannedCompaction[]> => {
  const { fromUsage = 0 } = policy
  if (fromUsage > 0) {
    const { bytes, maxBytes } = await log.info()
    if (maxBytes > 0 && bytes < maxBytes * fromUsage) return []
  }
  const planned: PlannedCompaction[] = []
  for (const kind of fold.inside.kinds) {
    const isReport = kind.folding.fence === 'report'
    for (const cell of fold.inside.cells(kind).values()) {
      if (cell.condition.is !== 'ok') continue
      const isOver = policy.isTerminal?.(kind.name, cell.key, cell) === true
      if (isReport && isOver && cell.below + cell.baseV >= policy.longCommits) {
        // A node that wrote without end and was removed: an archive of it would take as much room again.
        const commits = cell.below + cell.baseV - 1
        planned.push({ kind: kind.name, key: cell.key, subject: cell.subject, commits, why: 'terminal', drops: true })
        continue
      }
      const commits = isReport ? cell.below : cell.v - cell.baseV
      const target = { kind: kind.name, key: cell.key, subject: cell.subject, commits }
      if (commits >= policy.longCommits) planned.push({ ...target, why: 'long' })
      else if (commits >= policy.terminalCommits && isOver) planned.push({ ...target, why: 'terminal' })
    }
  }
  return planned.toSorted((a, b) => b.commits - a.commits).slice(0, policy.atMost)
}
