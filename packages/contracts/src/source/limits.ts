/** Limits of any text that is read, before it is known what it is. */

/** A spec has up to 512 KiB as canonical JSON; as somebody wrote it, with white space and comments, up to twice that. */
export const MAX_TEXT_BYTES = 1024 * 1024
/** Nesting that no document needs and that a recursive reader survives. */
export const MAX_TEXT_DEPTH = 128
/** How many faults of one text are listed. */
export const MAX_FAULTS = 100
