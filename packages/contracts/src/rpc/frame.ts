/**
 * One message of an answer that comes in parts: a line of JSON, and after it bytes as they are. Frames are numbered from 1
 * without gaps, so whoever reads them notices that one was lost or overtaken.
 */
import * as z from 'zod/mini'
import type { Problem } from '../errors/error.ts'

export type Frame =
  | { readonly n: number; readonly is: 'item'; readonly value: unknown; readonly bytes: Uint8Array }
  /** Nothing to say, and still there. */
  | { readonly n: number; readonly is: 'alive' }
  /** The last one: all is said, or `problem` tells why not. */
  | { readonly n: number; readonly is: 'end'; readonly value?: unknown; readonly problem?: Partial<Problem> }

const headSchema = z.object({
  n: z.int(),
  is: z.enum(['item', 'alive', 'end']),
  value: z.optional(z.unknown()),
  problem: z.optional(z.looseObject({})),
})
const NEWLINE = 10
const NO_BYTES = new Uint8Array(0)

export const writeFrame = (frame: Frame): Uint8Array => {
  if (frame.is !== 'item') return new TextEncoder().encode(JSON.stringify(frame))
  const { n, is, value, bytes } = frame
  const head = new TextEncoder().encode(`${JSON.stringify({ n, is, value })}\n`)
  const whole = new Uint8Array(head.byteLength + bytes.byteLength)
  whole.set(head)
  whole.set(bytes, head.byteLength)
  return whole
}

/** Undefined when it is no frame: another release, or a method that answers with one message. */
export const readFrame = (data: Uint8Array): Frame | undefined => {
  const cut = data.indexOf(NEWLINE)
  try {
    const text = new TextDecoder().decode(cut < 0 ? data : data.subarray(0, cut))
    const head = headSchema.safeParse(JSON.parse(text))
    if (!head.success) return undefined
    const { n, is, value, problem } = head.data
    if (is === 'alive') return { n, is }
    if (is === 'item') return { n, is, value, bytes: cut < 0 ? NO_BYTES : data.subarray(cut + 1) }
    return { n, is, value, ...(problem === undefined ? {} : { problem }) }
  } catch {
    return undefined
  }
}
