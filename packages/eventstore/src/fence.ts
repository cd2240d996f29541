/**
 * The fence: decides for every message of the log whether it may be folded, from the position of its aggregate alone.
 * Pure, so that every process that reads the same log comes to the same conclusion. The laws stand in
 * docs/architecture.md ("The fence", "Reports"); `fence.test.ts` states them one by one.
 */
import type { UnreadableCommit } from '@dunlin/contracts/agent'
import type { Admission, Condition, Folding } from './aggregate.ts'
import type { AnyCommit, AnyEvent } from './any-commit.ts'

export interface FencePosition {
  /** The subject's key within its kind: whose reports these are. */
  readonly key: string
  /** Version of the last admitted commit; on report subjects within its boot. */
  readonly v: number
  /** Sequence of the last message seen on the subject. */
  readonly seq: number
  /** Command id of the last admitted commit; '' before the first. */
  readonly cmd: string
  readonly condition: Condition
}

export interface FenceRules {
  readonly fence: 'strict' | 'report'
  readonly knows: (eventType: string) => boolean
  readonly writerOf?: (key: string) => string
  /** Command ids that the state remembers, to tell a repeat from a stale writer; both are left out of the fold. */
  readonly remembers?: (cmd: string) => boolean
}

/** What a folding asks of the fence. */
export const rulesOf = ({ fence, knows, writerOf }: Folding<unknown>): FenceRules => ({
  fence,
  knows,
  ...(writerOf === undefined ? {} : { writerOf }),
})

/** A checkpoint stands alone in its commit. */
export const isCheckpoint = (commit: AnyCommit): boolean =>
  commit.ev.length === 1 && (commit.ev[0] as AnyEvent).type === 'Checkpointed'
export const isAnnouncement = (commit: AnyCommit): boolean => commit.ev[0]?.type === 'NodeAnnounced'

/** The boot that wrote a report commit: its command id is `<boot>/<v>`. */
export const bootOf = (cmd: string): string => {
  const cut = cmd.indexOf('/')
  return cut < 0 ? '' : cmd.slice(0, cut)
}

const knowsAll = (rules: FenceRules, commit: AnyCommit): boolean => {
  for (const event of commit.ev) if (!rules.knows(event.type)) return false
  return true
}

const judgeStrict = (rules: FenceRules, at: FencePosition, commit: AnyCommit): Admission => {
  if (at.condition.is === 'read_only') return 'read_only'
  if (commit.v <= at.v) return commit.cmd === at.cmd || rules.remembers?.(commit.cmd) === true ? 'duplicate' : 'stale'
  if (isCheckpoint(commit)) return 'admitted'
  if (!knowsAll(rules, commit)) return 'read_only'
  return at.condition.is === 'quarantined' || commit.v !== at.v + 1 ? 'quarantined' : 'admitted'
}

/** A ULID and a version have 43 characters at most. */
const LONGEST_REPORT_CMD = 64

/**
 * One writer per boot, gaps tolerated, nothing ever quarantined. The first commit of a boot announces it; an announcement
 * with a higher version also begins a boot that this fold has not seen, because everything below it may have been purged;
 * boot ids are ULIDs, so one that sorts below the present boot is a former one that has not noticed. Whatever is signed by
 * somebody else than the subject's node is as if it were not there, so that it takes no version from the node.
 */
const judgeReport = (rules: FenceRules, at: FencePosition, commit: AnyCommit): Admission => {
  if (rules.writerOf !== undefined && commit.by !== rules.writerOf(at.key)) return 'forged'
  const boot = bootOf(commit.cmd)
  // The id of the last commit is kept for each subject.
  if (boot === '' || commit.cmd.length > LONGEST_REPORT_CMD) return 'ignored'
  const present = bootOf(at.cmd)
  if (boot === present) {
    if (commit.v <= at.v) return commit.cmd === at.cmd || isAnnouncement(commit) ? 'duplicate' : 'stale'
  } else if (!isAnnouncement(commit) || (commit.v > 1 && boot < present)) return 'ignored'
  return knowsAll(rules, commit) ? 'admitted' : 'ignored'
}

/**
 * @param seq stream sequence of the message
 * @param commit undefined when the bytes are not one; then `unreadable` says why
 */
export const judge = (
  rules: FenceRules,
  at: FencePosition,
  seq: number,
  commit: AnyCommit | undefined,
  unreadable?: UnreadableCommit,
): Admission => {
  if (seq <= at.seq) return 'duplicate'
  if (rules.fence === 'report') return commit === undefined ? 'ignored' : judgeReport(rules, at, commit)
  if (commit !== undefined) return judgeStrict(rules, at, commit)
  return unreadable?.reason === 'newer_schema' || at.condition.is === 'read_only' ? 'read_only' : 'quarantined'
}

/** The sentence that goes with a quarantine or a read-only aggregate. */
export const detailOf = (
  rules: FenceRules,
  at: FencePosition,
  commit: AnyCommit | undefined,
  unreadable?: UnreadableCommit,
): string => {
  if (commit === undefined) return unreadable?.detail ?? 'the message cannot be read'
  const unknown = commit.ev.find((event) => !rules.knows(event.type))
  if (unknown !== undefined) return `this release does not know the event ${unknown.type}`
  return `version ${commit.v} follows version ${at.v}`
}
