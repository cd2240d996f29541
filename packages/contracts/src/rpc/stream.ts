/**
 * How an answer in parts is asked for and kept going. Whoever asks chooses an id and how many items may be under way; as it
 * takes them it says so on `rpc.<node>.more`, and goes on saying it while it only waits. The node sends no item beyond that,
 * and ends the stream when it hears nothing: a slow reader makes nobody grow, and one that is gone costs nothing for long.
 */
import * as z from 'zod/mini'

/** The method on which callers say how far they are. */
export const MORE = 'more'
/** A caller says how far it is at least so often. */
export const MORE_EVERY_MS = 2_000
/** A node says that it is there at least so often. */
export const ALIVE_EVERY_MS = 2_000
/** After so long without a word the other side is gone. */
export const SILENT_AFTER_MS = 7_000
/** Bytes of one item at most; well below what a server takes in one message. */
export const MOST_ITEM_BYTES = 64 * 1024
const MOST_WINDOW = 256

/** In every question that is answered in parts, beside what the method asks for. */
export const streamHeadSchema = z.object({
  stream: z.string().check(z.regex(/^[A-Za-z0-9_-]{8,64}$/, 'expected 8 to 64 of A-Z a-z 0-9 _ -')),
  /** Items that may be under way. */
  window: z.int().check(z.minimum(1), z.maximum(MOST_WINDOW)),
})
export type StreamHead = z.output<typeof streamHeadSchema>

export const moreSchema = z.object({
  stream: streamHeadSchema.shape.stream,
  /** Items taken so far. It only grows, so a lost or repeated message changes nothing. */
  taken: z.int().check(z.nonnegative()),
  /** Enough: nothing more is wanted. */
  stop: z.optional(z.boolean()),
})
export type More = z.output<typeof moreSchema>
