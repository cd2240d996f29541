// How far each file was delivered, as it survives a restart. The first bytes of the file are kept with it, so that another
// file that got the same inode, or the same file written anew, is not mistaken for the one that was read.
import { z } from 'zod'

export interface Position {
  readonly offset: number
  /** The first bytes of the file, base64. */
  readonly head: string
}

export const HEAD_BYTES = 64

const stateSchema = z.object({
  version: z.literal(1),
  files: z.record(z.string(), z.object({ offset: z.int().nonnegative(), head: z.string(), path: z.string() })),
})

/** What was saved; nothing when it is not understood, so that reading starts anew rather than not at all. */
export function loadPositions(state: unknown): { positions: Map<string, Position>; understood: boolean } {
  if (state === undefined || state === null) return { positions: new Map(), understood: true }
  const parsed = stateSchema.safeParse(state)
  return parsed.success
    ? { positions: new Map(Object.entries(parsed.data.files)), understood: true }
    : { positions: new Map(), understood: false }
}

export function savedPositions(files: Iterable<{ key: string; path: string; offset: number; head: string }>): unknown {
  const entries = [...files].map(({ key, path, offset, head }) => [key, { path, offset, head }] as const)
  return { version: 1, files: Object.fromEntries(entries) } satisfies z.input<typeof stateSchema>
}
