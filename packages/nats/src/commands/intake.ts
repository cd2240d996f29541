/**
 * One instance at a time takes commands from the queue. COMMANDS is a work queue, and the server allows such a stream
 * one consumer only: whoever creates it is the intake, the others stand by and try again. A living intake always has a
 * pull request waiting; one that has none for some seconds is deposed, and the next one begins with everything that was never acknowledged, in the order of
 * the stream. So no later command of a job overtakes an earlier one because two instances run; during a change of hands
 * a command may be handled twice, and then the job's remembered ids and its `overtaken` rule decide.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { type Msg } from 'nats'
import { ApiError, apiRequest, ErrCode } from '../api.ts'
import type { Link } from '../connection.ts'
import { COMMANDS_STREAM as STREAM } from '../streams.ts'

/** A consumer that nobody pulls from goes away by itself after this; standing by, others notice sooner. */
const INACTIVE_MS = 10_000
const ACK_WAIT_MS = 30_000
const HEARTBEAT_MS = 1_500
const SILENT_BEATS = 3
const STANDBY_MS = 1_000
/** Looks in a row at which the present intake was not pulling before another takes its place. */
const DEAD_LOOKS = 4
const BATCH = 64

export interface Intake {
  stop(): Promise<void>
}

export interface IntakeHandlers {
  /** A command was delivered; call `handled` (once) when it is acknowledged or given up. */
  readonly take: (message: Msg, created: string) => void
  /** Everything taken so far will be delivered again, here or elsewhere. */
  readonly lost: () => void
}

interface StreamAnswer {
  readonly created: string
}

const become = async (link: Link, name: string): Promise<boolean> => {
  const config = {
    name,
    deliver_policy: 'all',
    ack_policy: 'explicit',
    ack_wait: ACK_WAIT_MS * 1_000_000,
    max_ack_pending: 256,
    replay_policy: 'instant',
    mem_storage: true,
    inactive_threshold: INACTIVE_MS * 1_000_000,
  }
  try {
    await apiRequest(link, `CONSUMER.CREATE.${STREAM}.${name}`, { stream_name: STREAM, config })
    return true
  } catch (error) {
    const taken: readonly number[] = [ErrCode.workQueueHasConsumer, ErrCode.workQueueFilterTaken]
    if (error instanceof ApiError && taken.includes(error.errCode)) return false
    throw error
  }
}

interface ConsumerAnswer {
  readonly num_waiting: number
}

/** Watches the present intake, and deposes it when it is not pulling any more. */
const createRivalWatch = (link: Link): (() => Promise<void>) => {
  let rival: string | undefined
  let looks = 0
  return async () => {
    const { consumers } = await apiRequest<{ consumers: string[] | null }>(link, `CONSUMER.NAMES.${STREAM}`)
    const name = consumers?.[0]
    if (name === undefined) return
    const { num_waiting } = await apiRequest<ConsumerAnswer>(link, `CONSUMER.INFO.${STREAM}.${name}`)
    looks = name === rival && num_waiting === 0 ? looks + 1 : 0
    rival = name
    if (looks < DEAD_LOOKS) return
    looks = 0
    await apiRequest(link, `CONSUMER.DELETE.${STREAM}.${name}`)
  }
}

/** Pulls until the consumer or the connection is gone, or `signal` asks to end. */
const pullAll = async (link: Link, name: string, take: (message: Msg) => void, signal: AbortSignal): Promise<void> => {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  const inbox = link.inbox()
  const request = JSON.stringify({
    batch: BATCH,
    expires: 30_000_000_000,
    idle_heartbeat: HEARTBEAT_MS * 1_000_000,
  })
  let left = 0
  let silent = 0
  const pull = (): void => {
    left = BATCH
    link.nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${STREAM}.${name}`, request, { reply: inbox })
  }
  const subscription = link.nc.subscribe(inbox, {
    callback: (error, message) => {
      if (error !== null) return end()
      silent = 0
      if ((message.reply ?? '') !== '') {
        take(message)
        if (--left === 0) pull()
        return
      }
      const code = message.headers?.code ?? 0
      if (code === 408) pull()
      else if (code !== 100) end()
    },
  })
  const timer = setInterval(() => {
    if (++silent > SILENT_BEATS) end()
  }, HEARTBEAT_MS)
  timer.unref()
  const watch = link.onLive(() => end())
  signal.addEventListener('abort', () => end(), { once: true })
  try {
    if (!signal.aborted) pull()
    await ended
  } finally {
    clearInterval(timer)
    watch.stop()
    if (!link.isClosed()) subscription.unsubscribe()
  }
}

/** Begins to take commands as soon as no other instance does. */
export const runIntake = (link: Link, handlers: IntakeHandlers): Intake => {
  const stopping = new AbortController()
  const { signal } = stopping
  const watchRival = createRivalWatch(link)
  let mine: string | undefined
  const leave = async (): Promise<void> => {
    if (mine === undefined || !link.isLive()) return
    await apiRequest(link, `CONSUMER.DELETE.${STREAM}.${mine}`, undefined, 2_000).catch(() => {})
    mine = undefined
  }
  const turn = async (): Promise<void> => {
    // A consumer that outlived our connection would stand in our own way.
    await leave()
    const name = `dunlin-intake-${randomUUID().replaceAll('-', '')}`
    if (!(await become(link, name))) return watchRival()
    mine = name
    try {
      const { created } = await apiRequest<StreamAnswer>(link, `STREAM.INFO.${STREAM}`)
      await pullAll(link, name, (message) => handlers.take(message, created), signal)
    } finally {
      handlers.lost()
      await leave()
    }
  }
  const run = async (): Promise<void> => {
    while (!signal.aborted && !link.isClosed()) {
      await turn().catch(() => {})
      await pause(STANDBY_MS / 2 + (Math.random() * STANDBY_MS) / 2, undefined, { signal }).catch(() => {})
    }
  }
  const finished = run()
  return {
    stop: async () => {
      stopping.abort()
      await finished
    },
  }
}
