/**
 * A question to a node whose answer comes in parts. The node sends no more than what is taken here, so whoever takes slowly
 * makes nothing grow; a part that is lost ends it with `stream_interrupted`, silence with `node_offline`.
 */
import {
  DunlinError,
  MORE,
  MORE_EVERY_MS,
  readFrame,
  SILENT_AFTER_MS,
  type Frame,
  type More,
  type NodeId,
} from '@dunlin/contracts'
import type { Bus, Conversation } from '@dunlin/eventstore'
import { rpcSubject } from '@dunlin/nats'
import { every, type Clock, type Random } from '@dunlin/runtime'
import { errorOfNode, offline, refusalIn } from './ask-node.ts'

export interface StreamPorts {
  readonly bus: Pick<Bus, 'requestMany'>
  readonly clock: Clock
  readonly random: Random
}

export interface StreamQuestion {
  readonly node: NodeId
  readonly method: string
  /** What the method asks for. */
  readonly question: object
  /** Parts that may wait here. */
  readonly window: number
  readonly signal: AbortSignal
}

export interface StreamItem {
  readonly value: unknown
  readonly bytes: Uint8Array
}

/** A node that sends more than was asked for by this many parts is not obeyed any longer. */
const TOLERANCE = 8

const body = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/** Yields the parts; returns what the node said last. Ends early, and tells the node, when `signal` is aborted. */
export async function* askStream(ports: StreamPorts, asked: StreamQuestion): AsyncGenerator<StreamItem, unknown> {
  const { bus, clock, random } = ports
  const { node, method, window, signal } = asked
  const stream = random.ulid(clock.nowMs())
  const queue: StreamItem[] = []
  const told = { taken: 0 }
  let taken = 0
  let expected = 1
  /** The node said so; otherwise it may go on, and is told to stop. */
  let ended = false
  let heardAt = clock.monotonicMs()
  let over: { readonly value?: unknown; readonly error?: DunlinError } | undefined
  let wake: (() => void) | undefined

  const finish = (how: NonNullable<typeof over>): void => {
    over ??= how
    wake?.()
  }
  const take = (frame: Frame): void => {
    if (over) return
    // A repeated frame was taken already.
    if (frame.n < expected) return
    if (frame.n > expected) return finish({ error: interrupted(node, frame.n - expected) })
    expected += 1
    ended = frame.is === 'end'
    if (frame.is === 'end')
      finish(frame.problem ? { error: errorOfNode(frame.problem, node, method) } : { value: frame.value })
    if (frame.is !== 'item') return
    if (queue.length >= window + TOLERANCE) return finish({ error: interrupted(node, 1) })
    queue.push(frame)
    wake?.()
  }
  const talk: Conversation = bus.requestMany(rpcSubject(node, method), body({ ...asked.question, stream, window }), {
    onMessage: ({ data }) => {
      heardAt = clock.monotonicMs()
      const frame = readFrame(data)
      if (frame) return take(frame)
      finish({ error: refusalIn(data, node, method) ?? new DunlinError('unreadable_answer') })
    },
    onNobody: () => finish({ error: offline(node) }),
  })
  const more = (last: Partial<More> = {}): void => {
    told.taken = taken
    talk.say(rpcSubject(node, MORE), body({ stream, taken, ...last }))
  }
  const beat = every(clock, MORE_EVERY_MS, () => {
    if (clock.monotonicMs() - heardAt > SILENT_AFTER_MS) finish({ error: offline(node) })
    else more()
  })
  const onAbort = (): void => finish({})
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    for (;;) {
      if (signal.aborted) return undefined
      const item = queue.shift()
      if (item === undefined) {
        if (over?.error) throw over.error
        if (over) return over.value
        await new Promise<void>((resolve) => (wake = resolve))
        continue
      }
      yield item
      // Counted when the consumer comes back for the next: then it is done with this one.
      taken += 1
      if (taken - told.taken >= Math.max(1, window / 2)) more()
    }
  } finally {
    beat.cancel()
    signal.removeEventListener('abort', onAbort)
    if (!ended) more({ stop: true })
    talk.stop()
  }
}

const interrupted = (node: string, count: number): DunlinError =>
  new DunlinError('stream_interrupted', `${count} or more parts of the answer of node ${node} were lost on their way.`)
