/**
 * One instance at a time takes commands from the queue. COMMANDS is a work queue, and the server allows such a stream
 * one consumer only: whoever creates it is the intake, the others stand by and try again. The consumer vanishes when its
 * owner is gone for `INACTIVE_MS`, and the next one begins with everything that was never acknowledged, in the order of
 * the stream. So no later command of a job overtakes an earlier one because two instances run; during a change of hands
 * a command may be handled twice, and then the job's remembered ids and its `overtaken` rule decide.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { createInbox, type Msg } from 'nats'
import { ApiError, apiRequest, ErrCode } from '../api.ts'
import type { Link } from '../connection.ts'
import { COMMANDS_STREAM as STREAM } from '../streams.ts'

/** Without a sign of life this long, an intake has lost its place. */
const INACTIVE_MS = 10_000
const ACK_WAIT_MS = 30_000
const HEARTBEAT_MS = 1_500
const SILENT_BEATS = 3
const STANDBY_MS = 1_000
/** Pull requests ask for this many; together with `maxHeld` it bounds what one process has in its hands. */
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
    max_ack_pending: 1_000,
    replay_policy: 'instant',
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

/** Pulls until the consumer or the connection is gone, or `signal` asks to end. */
const pullAll = async (link: Link, name: string, take: (message: Msg) => void, signal: AbortSignal): Promise<void> => {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  const inbox = createInbox()
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
  const turn = async (): Promise<void> => {
    const name = `dunlin-intake-${randomUUID().replaceAll('-', '')}`
    if (!(await become(link, name))) return
    try {
      const { created } = await apiRequest<StreamAnswer>(link, `STREAM.INFO.${STREAM}`)
      await pullAll(link, name, (message) => handlers.take(message, created), signal)
    } finally {
      handlers.lost()
      if (link.isLive()) await apiRequest(link, `CONSUMER.DELETE.${STREAM}.${name}`, undefined, 2_000).catch(() => {})
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
