/** Waiting for conditions with a generous deadline; nothing here asserts a duration. */
import { setTimeout as pause } from 'node:timers/promises'

export const until = async (condition: () => boolean | Promise<boolean>, what: string, deadlineMs = 30_000) => {
  const giveUpAt = Date.now() + deadlineMs
  while (!(await condition())) {
    if (Date.now() > giveUpAt) throw new Error(`still not after ${deadlineMs} ms: ${what}`)
    await pause(10)
  }
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (data: Uint8Array | undefined): string | undefined =>
  data === undefined ? undefined : new TextDecoder().decode(data)

export const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}
