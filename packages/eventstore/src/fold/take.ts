/** What happens to one aggregate when one message of its subject arrives: the fence, the folding, the new position. */
import type { Admission } from '../aggregate.ts'
import type { UnreadableCommit } from '@dunlin/contracts/agent'
import type { AnyCommit } from '../any-commit.ts'
import { detailOf, isAnnouncement, isCheckpoint, judge, type FenceRules } from '../fence.ts'
import { OK, type Cell } from './cell.ts'
import { checkpointOf, isFromNewerRelease, type StoredState } from './checkpoint.ts'

interface TakeOptions {
  readonly provided: Map<string, StoredState | string>
  readonly troubled: Set<Cell>
  readonly onTaken: (cell: Cell, seq: number, admission: Admission, commit: AnyCommit | undefined) => void
}

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

const moved = (cell: Cell, commit: AnyCommit): void => {
  cell.v = commit.v
  cell.at = commit.at
  cell.cmd = commit.cmd
}

const admitReport = (cell: Cell, commit: AnyCommit): void => {
  if (isAnnouncement(commit)) {
    cell.below += cell.baseV
    cell.baseV = 0
  }
  cell.baseV++
}

const withMemory = (cell: Cell): FenceRules => {
  const { rules, folding } = cell.kind
  const { remembers } = folding
  return remembers === undefined ? rules : { ...rules, remembers: (cmd) => remembers(cell.state, cmd) }
}

export const createTake = ({ provided, troubled, onTaken }: TakeOptions) => {
  let save: ((cell: Cell) => void) | undefined
  let captures = 0

  const stop = (cell: Cell, is: 'quarantined' | 'read_only', seq: number, detail: string): Admission => {
    // The first reason stays, except that a newer release's commit outweighs a gap.
    if (cell.condition.is !== is) cell.condition = { is, sinceSeq: seq, detail }
    troubled.add(cell)
    return is
  }

  /** Replaces the state by the one that the checkpoint names. */
  const install = (cell: Cell, seq: number, commit: AnyCommit): Admission => {
    const name = checkpointOf(commit)
    const stored = name === undefined ? 'the checkpoint names no object' : provided.get(name.object)
    if (stored === undefined || typeof stored === 'string')
      return stop(cell, 'quarantined', seq, stored ?? 'the state of the checkpoint was not fetched')
    if (isFromNewerRelease(stored)) return stop(cell, 'read_only', seq, `state of schema ${stored.s}`)
    if (stored.subject !== cell.subject || stored.upto !== name?.upto)
      return stop(cell, 'quarantined', seq, 'the state of the checkpoint belongs to another position')
    cell.state = cell.kind.folding.fromJson(stored.state)
    provided.delete(name.object)
    moved(cell, commit)
    cell.baseV = commit.v
    cell.condition = OK
    troubled.delete(cell)
    return 'admitted'
  }

  const fold = (cell: Cell, seq: number, commit: AnyCommit): Admission => {
    const { folding } = cell.kind
    try {
      if (folding.fence === 'strict' && isCheckpoint(commit)) return install(cell, seq, commit)
      cell.state = folding.applyCommit(cell.state, commit, seq)
    } catch (error) {
      // A body that the domain cannot digest is as bad as one that cannot be read.
      if (folding.fence === 'report') return 'ignored'
      return stop(cell, 'quarantined', seq, `the commit cannot be folded: ${messageOf(error)}`)
    }
    if (folding.fence === 'report') admitReport(cell, commit)
    moved(cell, commit)
    return 'admitted'
  }

  const take = (cell: Cell, seq: number, commit: AnyCommit | undefined, unreadable?: UnreadableCommit): Admission => {
    // The usual case without a detour: the next version, on a healthy aggregate.
    const rules = commit === undefined || commit.v === cell.v + 1 ? cell.kind.rules : withMemory(cell)
    let admission = judge(rules, cell, seq, commit, unreadable)
    if (admission !== 'duplicate' || seq > cell.seq) {
      if (save !== undefined && cell.captured !== captures) save(cell)
      if (admission === 'admitted') admission = fold(cell, seq, commit as AnyCommit)
      else if (admission === 'quarantined' || admission === 'read_only')
        stop(cell, admission, seq, detailOf(rules, cell, commit, unreadable))
      // Only report subjects have such messages; they take room until the next announcement stands above them.
      if (admission === 'ignored' || admission === 'forged') cell.baseV++
      cell.seq = seq
    }
    onTaken(cell, seq, admission, commit)
    return admission
  }

  return {
    take,
    captureId: (): number => captures,
    capture(next: ((cell: Cell) => void) | undefined): number {
      if (next !== undefined && save !== undefined) throw new Error('a snapshot of this fold is under way')
      save = next
      if (next !== undefined) captures++
      return captures
    },
  }
}
