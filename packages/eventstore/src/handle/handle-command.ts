/**
 * The command handler: fold, decide, append, and the only retry loop around a decision. Decisions on one subject run
 * one after another in a process; between processes the compare-and-set of the log decides who was first.
 */
import { DunlinError } from '@dunlin/contracts/agent'
import { conditionError, type Aggregate } from '../aggregate.ts'
import { commitMessageId } from '../message-id.ts'
import type { AppendResult } from '../log.ts'
import type { Kinds } from '../fold/types.ts'
import { createCatchUp } from './catch-up.ts'
import { encodeCommit, type EncodedCommit } from './encode.ts'
import { findOwn } from './find-own.ts'
import {
  HANDLER_LIMITS,
  type CommandHandler,
  type CommandHandlerOptions,
  type HandleRequest,
  type HandleResult,
} from './types.ts'

/** One command under way. */
interface Run {
  readonly request: HandleRequest<unknown>
  readonly resolve: (result: HandleResult<unknown>) => void
  /** The next command on this subject, and (on the one that runs) the last in the queue. */
  next: Run | undefined
  tail: Run
  settled: boolean
  attempts: number
  /** Index for the next message id; never used twice by one run, so that a changed decision is not taken for a repeat. */
  n: number
  committed: number
  /** The present decision: its commits, and which of them is next. */
  parts: readonly EncodedCommit[]
  part: number
  /** Sequence that the next append states: what the decision saw, then this command's own last commit. */
  expected: number
}

const asError = (thrown: unknown): DunlinError =>
  thrown instanceof DunlinError
    ? thrown
    : new DunlinError('internal', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })

const NO_PARTS: readonly EncodedCommit[] = []

export const createCommandHandler = <K extends Kinds>(options: CommandHandlerOptions<K>): CommandHandler<K> => {
  const { log, fold, sha256, clock } = options
  const limits = { ...HANDLER_LIMITS, ...options.limits }
  const running = new Map<string, Run>()
  let pending = 0
  const catchUp = createCatchUp({
    log,
    fold,
    clock,
    archive: options.archive,
    patienceMs: limits.followerPatienceMs,
    sha256,
  })

  const aggregateOf = (request: HandleRequest<unknown>): Aggregate<unknown> =>
    fold.get(request.kind, request.key) ?? fold.initial(request.kind, request.subject)

  const settle = (run: Run, result: HandleResult<unknown>): void => {
    run.settled = true
    pending--
    run.resolve(result)
  }
  const fail = (run: Run, thrown: unknown): void => settle(run, { ok: false, error: asError(thrown) })

  const succeed = (run: Run, seq: number, v: number): void =>
    settle(run, { ok: true, seq, v, committed: run.committed, aggregate: aggregateOf(run.request) })

  /** Decides on what the fold has now; settles the run, or leaves it with parts to append. */
  const decide = (run: Run): void => {
    const { request } = run
    const aggregate = aggregateOf(request)
    const blocked = conditionError(aggregate.condition)
    if (blocked !== undefined) return fail(run, blocked)
    if (++run.attempts > limits.maxAttempts) return fail(run, new DunlinError('log_busy'))
    const decision = request.decide(aggregate)
    if (!decision.ok) return fail(run, decision.error)
    const { commits } = decision
    if (commits.length === 0) return succeed(run, aggregate.seq, aggregate.v)
    const at = Math.max(request.command.at, aggregate.at)
    const parts: EncodedCommit[] = []
    for (const events of commits)
      parts.push(encodeCommit(request.command, aggregate.v + 1 + parts.length, at, events, limits.maxCommitBytes))
    run.parts = parts
    run.part = 0
    run.expected = aggregate.seq
  }

  const appendNext = (run: Run): void => {
    const { request, n, expected } = run
    const { subject, command } = request
    const { data, types } = run.parts[run.part] as EncodedCommit
    const msgId = commitMessageId(sha256, subject, command.id, n)
    const append = {
      subject,
      data,
      expected,
      msgId,
      types,
      ...(command.traceparent === undefined ? undefined : { traceparent: command.traceparent }),
    }
    log.append(append).then(
      (result) => onAnswer(run, result),
      (error: unknown) => {
        fail(run, error)
        goOn(run)
      },
    )
  }

  /** The part is in the log at `seq` and folded; what is next? True = there is a next part to append. */
  const isDone = (run: Run, seq: number, v: number): boolean => {
    run.n++
    run.committed++
    run.expected = seq
    if (++run.part < run.parts.length) return false
    succeed(run, seq, v)
    return true
  }

  const onAnswer = (run: Run, result: AppendResult): void => {
    const { expected } = run
    if (!result.ok || result.duplicate) {
      void recover(run, expected, result).then(
        () => goOn(run),
        (error: unknown) => {
          fail(run, error)
          goOn(run)
        },
      )
      return
    }
    const { commit, data } = run.parts[run.part] as EncodedCommit
    if (result.seq <= expected) {
      fail(run, new DunlinError('log_rewound', `The log gave ${result.seq} to a commit that follows ${expected}.`))
    } else {
      fold.applyCommit(run.request.subject, result.seq, commit, data)
      // Somebody wrote after this part: the parts that are left were decided on an older state.
      if (!isDone(run, result.seq, commit.v) && fold.folded(run.request.subject) !== result.seq) run.parts = NO_PARTS
    }
    goOn(run)
  }

  /** After a conflict or a repeat: brings the fold forward; leaves the run to decide again, to go on, or settled. */
  const recover = async (run: Run, expected: number, result: AppendResult): Promise<void> => {
    const { request } = run
    const { subject } = request
    const part = run.parts[run.part] as EncodedCommit
    if (!result.ok) {
      run.parts = NO_PARTS
      // The first retry is immediate; a subject that many write to gives way more and more.
      if (run.attempts > 1) await new Promise<void>((resolve) => clock.after(backoffMs(run.attempts), resolve))
      return catchUp(subject, expected, result.actual)
    }
    await catchUp(subject, result.seq - 1, result.seq)
    const own = await findOwn(log, request, result.seq)
    const isLast = run.part === run.parts.length - 1
    if (own !== undefined && (isLast || (fold.folded(subject) === result.seq && own.v === part.commit.v)))
      return void isDone(run, result.seq, own.v)
    run.n++
    run.parts = NO_PARTS
  }

  /** Takes a run as far as it goes without waiting, then the ones behind it; a loop, because a queue may be long. */
  const goOn = (first: Run): void => {
    let run: Run | undefined = first
    while (run !== undefined) {
      if (!run.settled && run.parts.length === 0) {
        try {
          decide(run)
        } catch (error) {
          fail(run, error)
        }
      }
      if (!run.settled) return appendNext(run)
      run = advance(run)
    }
  }

  const advance = (run: Run): Run | undefined => {
    const { next } = run
    if (next === undefined) {
      running.delete(run.request.subject)
      return undefined
    }
    next.tail = run.tail
    running.set(run.request.subject, next)
    return next
  }

  const start = (request: HandleRequest<unknown>, resolve: (result: HandleResult<unknown>) => void): void => {
    const run = {
      request,
      resolve,
      next: undefined,
      settled: false,
      attempts: 0,
      n: 0,
      committed: 0,
      parts: NO_PARTS,
      part: 0,
      expected: 0,
    } as Omit<Run, 'tail'> as Run
    run.tail = run
    pending++
    const active = running.get(request.subject)
    if (active === undefined) {
      running.set(request.subject, run)
      goOn(run)
    } else {
      active.tail.next = run
      active.tail = run
    }
  }

  return {
    handle: (request) =>
      new Promise((resolve) => {
        start(request as unknown as HandleRequest<unknown>, resolve as (result: HandleResult<unknown>) => void)
      }),
    get pending() {
      return pending
    },
  }
}

const backoffMs = (attempts: number): number => Math.min(2 ** (attempts - 2), 50)
