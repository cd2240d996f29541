/**
 * Reads one slice of the log for a client that is behind the ring. The log's follower has no back-pressure, so a slice
 * is bounded, the follower is ended, and the next slice begins when the client has taken this one.
 */
import type { Log, Recorded } from '@dunlin/eventstore'
import { DunlinError } from '@dunlin/contracts'
import { entryOf } from './entry.ts'
import type { Client } from './client.ts'

const SLICE_MESSAGES = 2_000

interface SliceOptions {
  /** Read up to this sequence, no further: the ring has the rest. */
  readonly until: number
  readonly maxUnreadBytes: number
  readonly isOpen: () => boolean
}

/** Moves `client.position` forward; everything in between was written or is not for it. */
export const catchUp = async (log: Log, client: Client, options: SliceOptions): Promise<void> => {
  const { created } = await log.info()
  const slice = await readSlice(log, { created, seq: client.position }, options)
  if (!options.isOpen()) return
  const frames = slice.messages.flatMap((recorded) => {
    const entry = entryOf(recorded)
    return client.filter.matches(entry) ? (entry.frame() ?? []) : []
  })
  if (frames.length > 0) client.sink.write(Buffer.concat(frames))
  client.position = slice.upTo
  await client.sink.drained()
}

interface Slice {
  readonly messages: readonly Recorded[]
  /** Everything up to here was read (a purge leaves holes). */
  readonly upTo: number
}

const readSlice = async (
  log: Log,
  from: { readonly created: string; readonly seq: number },
  { until, maxUnreadBytes }: SliceOptions,
): Promise<Slice> => {
  const result = Promise.withResolvers<Slice>()
  const messages: Recorded[] = []
  let bytes = 0
  let full = false
  const follower = log.follow(from, {
    onBatch: (batch) => {
      for (const recorded of batch) {
        if (full) return
        if (recorded.seq > until) return finish(until)
        messages.push(recorded)
        bytes += recorded.data.length
        if (recorded.seq >= until || messages.length >= SLICE_MESSAGES || bytes >= maxUnreadBytes / 2)
          return finish(recorded.seq)
      }
    },
    // Everything that exists was delivered; what is missing up to `until` was purged.
    onCaughtUp: () => finish(until),
    onRewound: (why) => result.reject(new DunlinError('log_rewound', why)),
    onEnd: (error) => result.reject(error ?? new DunlinError('log_unavailable', 'The follower ended.')),
  })
  const finish = (upTo: number): void => {
    if (full) return
    full = true
    result.resolve({ messages, upTo })
  }
  try {
    return await result.promise
  } finally {
    await follower.stop()
  }
}
