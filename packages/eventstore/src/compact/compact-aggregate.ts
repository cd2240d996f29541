/**
 * Compacts one subject. Strict subjects: archive the history, store the state, append the checkpoint by compare-and-set,
 * purge below it. Report subjects: the latest announcement is their checkpoint; what lies below it is archived and
 * purged. A crash between any two steps leaves a log that folds to the same state, and a second run finishes the work.
 */
import { COMMIT_SCHEMA, isUnreadable, readCommit, serviceActor } from '@dunlin/contracts/agent'
import type { Aggregate, Folding } from '../aggregate.ts'
import type { AnyCommit } from '../any-commit.ts'
import { isAnnouncement, isCheckpoint, judge, rulesOf, type FencePosition, type FenceRules } from '../fence.ts'
import { decodeState, encodeState } from '../fold/checkpoint.ts'
import type { Kinds } from '../fold/types.ts'
import type { Recorded } from '../log.ts'
import { commitMessageId } from '../message-id.ts'
import { parseOne } from '../parse.ts'
import { archiveHistory } from './archive-history.ts'
import type { CompactOptions, CompactResult, CompactTarget, SkipReason } from './types.ts'

const commitOf = (recorded: Recorded): AnyCommit | undefined => {
  const read = readCommit(parseOne(recorded.data))
  return isUnreadable(read) ? undefined : read
}

const skip = (subject: string, skipped: SkipReason): CompactResult => ({ subject, done: false, skipped })

export const compactAggregate = async <K extends Kinds>(
  options: CompactOptions<K>,
  target: CompactTarget,
): Promise<CompactResult> => {
  const { log, fold } = options
  const { subject } = target
  const folding = fold.inside.kinds.find(({ name }) => name === target.kind)?.folding
  if (folding === undefined || fold.get(target.kind, target.key) === undefined) return skip(subject, 'unknown')
  // Where archives are noted: archiving it would change it.
  if (subject === options.logSubject) return skip(subject, 'nothing_to_do')
  if (target.drops === true) return dropReports(options, target)
  const messages: Recorded[] = []
  for await (const recorded of log.read(subject)) messages.push(recorded)
  if (messages.length < 2) return skip(subject, 'nothing_to_do')
  return folding.fence === 'report'
    ? compactReports(options, target, folding, messages)
    : compactStrict(options, target, folding, messages)
}

const purgeBelow = async <K extends Kinds>(
  { log, onStep }: CompactOptions<K>,
  subject: string,
  belowSeq: number,
  object?: string,
): Promise<CompactResult> => {
  const purged = await log.purge(subject, belowSeq)
  await onStep?.('purged', subject)
  return { subject, done: true, purged, belowSeq, ...(object === undefined ? undefined : { object }) }
}

const compactStrict = async <K extends Kinds>(
  options: CompactOptions<K>,
  { kind, key, subject }: CompactTarget,
  folding: Folding<unknown>,
  messages: readonly Recorded[],
): Promise<CompactResult> => {
  const { log, fold, archive, sha256, clock, onStep } = options
  const last = messages.at(-1) as Recorded
  const lastCommit = commitOf(last)
  for (const recorded of messages) {
    if (recorded.seq <= fold.folded(subject)) continue
    // A checkpoint of another process: its state comes with the follower.
    if (fold.missingCheckpoint(recorded) !== undefined) return skip(subject, 'busy')
    fold.applyAhead(recorded)
  }
  // From here to the encoded state nothing may wait: the state has to be the one at `last`.
  const aggregate = fold.get(kind, key) as Aggregate<unknown>
  if (aggregate.condition.is !== 'ok') return skip(subject, 'not_healthy')
  if (aggregate.seq !== last.seq) return skip(subject, 'busy')
  // An earlier run came as far as the checkpoint; the history had been stored and noted before it.
  if (lastCommit !== undefined && isCheckpoint(lastCommit)) return purgeBelow(options, subject, last.seq)
  const { v, at } = aggregate
  const state = encodeState({ s: COMMIT_SCHEMA, subject, upto: last.seq, v, state: folding.toJson(aggregate.state) })

  const object = await archiveHistory(options, subject, messages)
  const hash = sha256(state)
  const stateObject = `state/${hash}`
  await archive.put(stateObject, state)
  await onStep?.('state_stored', subject)

  const commit: AnyCommit = {
    s: COMMIT_SCHEMA,
    v: v + 1,
    cmd: `~checkpoint.${last.seq}`,
    by: serviceActor('log'),
    at: Math.max(clock.nowMs(), at),
    ev: [{ type: 'Checkpointed', upto: last.seq, object: stateObject, sha256: hash } as AnyCommit['ev'][number]],
  }
  const data = Buffer.from(JSON.stringify(commit))
  const result = await log.append({
    subject,
    data,
    expected: last.seq,
    msgId: commitMessageId(sha256, subject, commit.cmd, 0),
    types: ['Checkpointed'],
  })
  // A repeat was stored by another run with its own state of the same history; the next run finds it and purges.
  if (!result.ok || result.duplicate) return skip(subject, 'busy')
  fold.provide(stateObject, decodeState(state))
  fold.applyCommit(subject, result.seq, commit, data)
  await onStep?.('checkpointed', subject)
  return purgeBelow(options, subject, result.seq, object)
}

const START: Omit<FencePosition, 'key'> = { v: 0, seq: 0, cmd: '', condition: { is: 'ok' } }

/** The latest announcement that the fence admits; what a former boot or a forger says is no checkpoint. */
const latestAnnouncement = (rules: FenceRules, key: string, messages: readonly Recorded[]): number => {
  let at: FencePosition = { ...START, key }
  let latest = 0
  for (const [index, recorded] of messages.entries()) {
    const commit = commitOf(recorded)
    if (commit === undefined || judge(rules, at, recorded.seq, commit) !== 'admitted') continue
    at = { ...at, v: commit.v, seq: recorded.seq, cmd: commit.cmd }
    if (isAnnouncement(commit)) latest = index
  }
  return latest
}

const compactReports = async <K extends Kinds>(
  options: CompactOptions<K>,
  { key, subject }: CompactTarget,
  folding: Folding<unknown>,
  messages: readonly Recorded[],
): Promise<CompactResult> => {
  const latest = latestAnnouncement(rulesOf(folding), key, messages)
  if (latest === 0) return skip(subject, 'nothing_to_do')
  const object = await archiveHistory(options, subject, messages.slice(0, latest))
  return purged(options, key, await purgeBelow(options, subject, (messages[latest] as Recorded).seq, object))
}

/** All but the last report, which stands for the subject; they are not read, because there may be more than fits memory. */
const dropReports = async <K extends Kinds>(
  options: CompactOptions<K>,
  { key, subject }: CompactTarget,
): Promise<CompactResult> => {
  const last = await options.log.last(subject)
  if (last === undefined) return skip(subject, 'nothing_to_do')
  return purged(options, key, await purgeBelow(options, subject, last.seq))
}

/** What was purged is not there to be purged again. */
const purged = <K extends Kinds>({ fold }: CompactOptions<K>, key: string, result: CompactResult): CompactResult => {
  for (const kind of fold.inside.kinds) {
    const cell = kind.folding.fence === 'report' ? fold.inside.cells(kind).get(key) : undefined
    if (cell !== undefined) cell.below = 0
  }
  return result
}
