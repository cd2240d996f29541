/**
 * Follows a rollout until it is over: a picture that is drawn again in its place on a terminal, elsewhere one line (or one
 * document) for each change. When it halts and is rolled back by itself, the rollback is followed to its end.
 */
import type { Client } from '@dunlin/client'
import { DunlinError, type JobKey, type RolloutDetailView } from '@dunlin/contracts'
import { exitCodes } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import type { Format } from '../output/format.ts'
import { structured } from '../output/format.ts'
import { createScreen } from '../output/screen.ts'
import { followChanges, RETRY_MS, sleep } from './changes.ts'
import { rolloutLine, rolloutTree, type RolloutPicture } from './describe-rollout.ts'
import { outcomeOf } from './outcome.ts'

export interface WatchOptions {
  readonly output: Format
  readonly untilHeld: boolean
  /** Wait until this much of the log is visible before looking first. */
  readonly minSeq?: number
  readonly timeoutMs?: number
}

const REDRAW_MS = 1_000
/** A rollout may have been opened just before the events were followed. */
const LOOK_AGAIN_MS = 5_000
const NODES_SHOWN = 12

export const lookAt = async (
  client: Client,
  key: JobKey,
  minSeq?: number,
  signal?: AbortSignal,
): Promise<RolloutPicture> => {
  const call = signal === undefined ? {} : { signal }
  const rollout = await client.rollouts.get(key, minSeq === undefined ? {} : { min_seq: minSeq }, call)
  const { counts, id } = rollout
  const slots = (['failed', 'lost', 'open'] as const).filter((slot) => counts[slot] > 0)
  const pages = await Promise.all(
    slots.map((slot) => client.rollouts.nodes(key, id, { slot, limit: NODES_SHOWN, live: 'true' }, call)),
  ).catch((error: unknown) => {
    // Another rollout took its place in between: the next look shows it.
    if (error instanceof DunlinError && error.code === 'rollout_not_found') return []
    throw error
  })
  const nodes = pages.flatMap(({ items }) => items).slice(0, NODES_SHOWN)
  const total = pages.reduce((sum, page) => sum + page.total, 0)
  return { rollout, nodes, more: total - nodes.length }
}

export const watchRollout = async (client: Client, io: Io, key: JobKey, options: WatchOptions): Promise<number> => {
  const { output, untilHeld, timeoutMs } = options
  const stop = new AbortController()
  const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)
  const signal = AbortSignal.any([io.interrupted, stop.signal, ...(timeout === undefined ? [] : [timeout])])
  const screen = createScreen(io)
  const draws = output === 'table' && io.terminal() !== undefined
  let told = ''
  let followed: string | undefined
  let failedBefore = false

  const show = (picture: RolloutPicture): void => {
    if (draws) return screen.draw(rolloutTree(io, picture, Date.now()))
    const line = rolloutLine(picture.rollout)
    if (line === told) return
    told = line
    if (output === 'table') io.out(`${new Date().toISOString()} ${line}\n`)
    else
      io.out(output === 'json' ? `${JSON.stringify(picture.rollout)}\n` : `---\n${structured('yaml', picture.rollout)}`)
  }

  /** The exit code when it is over. */
  const judge = async ({ rollout }: RolloutPicture): Promise<number | undefined> => {
    if (followed !== undefined && rollout.id !== followed) {
      const code = await becameOf(client, key, followed, rollout, signal)
      if (code !== exitCodes.rolloutFailed) return tellEnd(io, rollout, code)
      // It was rolled back by itself: its failure is the outcome, and the rollback is followed to its end.
      failedBefore = true
    }
    followed = rollout.id
    const code = outcomeOf(rollout, untilHeld)
    return code === exitCodes.ok && failedBefore ? exitCodes.rolloutFailed : code
  }

  try {
    let picture = await first(client, key, options.minSeq, signal, io)
    show(picture)
    let code = await judge(picture)
    if (code !== undefined) return code
    const changes = followChanges(client, io, key, picture.rollout.seq, signal)
    while (code === undefined) {
      const seq = await changes.next(draws ? REDRAW_MS : undefined)
      if (signal.aborted) break
      if (seq !== undefined) {
        picture = await lookAgain(client, key, seq, signal)
        code = await judge(picture)
      }
      show(picture)
    }
    if (code !== undefined) return code
  } catch (error) {
    // A deleted job has no rollout any more.
    if (followed !== undefined && error instanceof DunlinError && error.code === 'job_not_found') {
      io.err('the job was deleted\n')
      return exitCodes.canceled
    }
    if (!signal.aborted) throw error
  } finally {
    stop.abort()
  }
  if (io.interrupted.aborted) return exitCodes.interrupted
  io.err(`${io.styleErr('yellow', 'timed out')} after ${(timeoutMs ?? 0) / 1000} s; the rollout goes on\n`)
  return exitCodes.waitTimedOut
}

/** Somebody who watches goes on watching through a restart of the server. */
const lookAgain = async (client: Client, key: JobKey, seq: number, signal: AbortSignal): Promise<RolloutPicture> => {
  for (;;) {
    try {
      return await lookAt(client, key, seq, signal)
    } catch (error) {
      if (signal.aborted || !(error instanceof DunlinError) || !error.retryable) throw error
      await sleep(RETRY_MS, signal)
      signal.throwIfAborted()
    }
  }
}

/** Waits for a rollout where none was opened yet. */
const first = async (
  client: Client,
  key: JobKey,
  minSeq: number | undefined,
  signal: AbortSignal,
  io: Io,
): Promise<RolloutPicture> => {
  for (let from = minSeq; ;) {
    try {
      return await lookAt(client, key, from, signal)
    } catch (error) {
      if (!(error instanceof DunlinError) || error.code !== 'rollout_not_found') throw error
      if (from === minSeq) io.err('no rollout yet; waiting for one\n')
      const { seq } = await client.jobs.list({ limit: 1 }, { signal })
      const enough = new AbortController()
      const changes = followChanges(client, io, key, seq, AbortSignal.any([signal, enough.signal]))
      from = (await changes.next(LOOK_AGAIN_MS)) ?? seq
      enough.abort()
      signal.throwIfAborted()
    }
  }
}

/** What became of a rollout that is no longer the present one. */
const becameOf = async (
  client: Client,
  key: JobKey,
  id: string,
  present: RolloutDetailView,
  signal: AbortSignal,
): Promise<number> => {
  const { status } = await client.jobs.get(key, {}, { signal })
  const past = status.past_rollouts.find((one) => one.id === id)
  if (past === undefined) return exitCodes.superseded
  const code = outcomeOf({ phase: past.phase }, false)
  if (code === exitCodes.rolloutFailed && present.type !== 'rollback') return exitCodes.superseded
  return code ?? exitCodes.superseded
}

const tellEnd = (io: Io, present: RolloutDetailView, code: number): number => {
  io.err(`the rollout is over; the present one is a ${present.type} to version ${present.version}\n`)
  return code
}
