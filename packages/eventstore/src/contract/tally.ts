/**
 * The smallest domain that can be wrong: a tally per subject that remembers which commands added to it. Used by the
 * contract suite and the tests of this package; a lost or doubled commit shows in the count.
 */
import type { AnyCommit, AnyEvent } from '../any-commit.ts'
import type { Aggregate, Folding } from '../aggregate.ts'
import type { Decision } from '../handle/types.ts'

export interface Added extends AnyEvent {
  readonly type: 'Added'
  readonly n: number
}

export interface Tally {
  sum: number
  commits: number
  cmds: string[]
}

const isAdded = (event: AnyEvent): event is Added => event.type === 'Added'

export const tally: Folding<Tally> = {
  initial: () => ({ sum: 0, commits: 0, cmds: [] }),
  applyCommit(state, commit) {
    for (const event of commit.ev) if (isAdded(event)) state.sum += event.n
    state.commits++
    state.cmds.push(commit.cmd)
    return state
  },
  knows: (type) => type === 'Added' || type === 'Noted',
  remembers: (state, cmd) => state.cmds.includes(cmd),
  fence: 'strict',
  toJson: (state) => structuredClone(state),
  fromJson: (json) => structuredClone(json as Tally),
}

/** The same on report subjects: counts what each boot said. */
export const reportTally: Folding<Tally> = {
  ...tally,
  knows: (type) => type === 'Added' || type === 'NodeAnnounced',
  fence: 'report',
}

export const added = (n: number): Added => ({ type: 'Added', n })

/** Adds `n` once per command id: a repeat writes nothing. */
export const addOnce =
  (id: string, n = 1) =>
  (aggregate: Aggregate<Tally>): Decision => ({
    ok: true,
    commits: aggregate.state.cmds.includes(id) ? [] : [[added(n)]],
  })

/** `evt.job.<key>` and `evt.report.<key>`, as the contract suite uses them. */
export const tallySubject = (key: string): string => `evt.job.t.${key}`
export const routeTally = (subject: string): { kind: 'tally' | 'report'; key: string } | undefined => {
  if (subject.startsWith('evt.job.t.')) return { kind: 'tally', key: subject.slice(10) }
  if (subject.startsWith('evt.report.')) return { kind: 'report', key: subject.slice(11) }
  return undefined
}

export const tallyCommit = (v: number, cmd: string, events: readonly AnyEvent[] = [added(1)], at = 1): AnyCommit => ({
  s: 1,
  v,
  cmd,
  by: 'service:test',
  at,
  ev: events,
})

export const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
