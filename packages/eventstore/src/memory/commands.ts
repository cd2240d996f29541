/**
 * The work queue COMMANDS in memory: in stream order per job, one of a job at a time, delivered again when its handler
 * fails or stays silent, and a dead-letter store for what was refused.
 */
import type { CommandQueue, QueuedCommand, Subscription } from '../bus.ts'
import type { Settings } from './options.ts'

interface Stored {
  readonly seq: number
  readonly subject: string
  readonly data: Uint8Array
  readonly headers: Readonly<Record<string, string>>
  readonly msgId: string | undefined
}

type Handler = (command: QueuedCommand) => Promise<void>

export interface CommandIntake {
  /** What any NATS client does: publishes to `cmd.>`. Returns the sequence in COMMANDS. */
  publish(subject: string, data: Uint8Array, headers?: Readonly<Record<string, string>>): number
  /** Commands that are neither done nor refused. */
  readonly queued: number
}

/** Commands of one job or node run one after another: everything but the verb. */
const laneOf = (subject: string): string => subject.slice(0, subject.lastIndexOf('.'))
const RETRY_MS = 100

export const createMemoryCommands = (
  settings: Settings,
): { readonly commands: CommandQueue; readonly intake: CommandIntake } => {
  const { clock, schedule } = settings
  const created = new Date(clock.nowMs()).toISOString()
  const queue = new Map<number, Stored>()
  const busy = new Set<string>()
  const refusals = new Map<string, Uint8Array>()
  const handlers: Handler[] = []
  let seq = 0
  let turn = 0
  let pumping = false

  const wake = (): void => {
    if (pumping) return
    pumping = true
    schedule(pump)
  }

  const pump = (): void => {
    pumping = false
    if (handlers.length === 0) return
    for (const stored of queue.values()) {
      const lane = laneOf(stored.subject)
      if (busy.has(lane)) continue
      busy.add(lane)
      deliver(stored, lane, handlers[turn++ % handlers.length] as Handler)
    }
  }

  const free = (lane: string): void => {
    busy.delete(lane)
    wake()
  }

  const deliver = (stored: Stored, lane: string, handler: Handler): void => {
    let over = false
    /** Ends this delivery; what is still queued then comes again. */
    const end = (afterMs: number): void => {
      if (over) return
      over = true
      silence.cancel()
      if (afterMs > 0) clock.after(afterMs, () => free(lane))
      else free(lane)
    }
    let silence = clock.after(settings.commandAckWaitMs, () => end(0))
    const remove = async (): Promise<void> => {
      queue.delete(stored.seq)
      end(0)
    }
    const command: QueuedCommand = {
      subject: stored.subject,
      data: stored.data,
      headers: stored.headers,
      created,
      seq: stored.seq,
      ...(stored.msgId === undefined ? undefined : { msgId: stored.msgId }),
      done: remove,
      refused: (commandId, problem) => {
        refusals.set(commandId, problem)
        return remove()
      },
      working: () => {
        silence.cancel()
        if (!over) silence = clock.after(settings.commandAckWaitMs, () => end(0))
      },
    }
    void handler(command).then(
      () => (queue.has(stored.seq) ? undefined : end(0)),
      () => end(RETRY_MS),
    )
  }

  return {
    commands: {
      consume(handler): Subscription {
        handlers.push(handler)
        wake()
        return {
          stop: () => {
            const index = handlers.indexOf(handler)
            if (index >= 0) handlers.splice(index, 1)
          },
        }
      },
      refusal: async (commandId) => refusals.get(commandId),
    },
    intake: {
      publish(subject, data, headers = {}) {
        const msgId = headers['Nats-Msg-Id']
        queue.set(++seq, { seq, subject, data, headers, msgId })
        wake()
        return seq
      },
      get queued() {
        return queue.size
      },
    },
  }
}
