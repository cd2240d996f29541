/** Commands that were refused, with the reason: `dead.<command id>` in DEAD, for a week. */
import { parseLoosely } from './loose-json.ts'
import { preparedHeader } from '../header-bytes.ts'
import type { Publisher } from '../publisher.ts'
import { deadSubject } from '../subjects.ts'

/** More of a refused body than this helps nobody to understand it. */
const MAX_BODY_BYTES = 64 * 1024

export interface DeadLetter {
  readonly subject: string
  readonly command_id: string
  /** What the sender was told; JSON when it was JSON. */
  readonly problem: unknown
  /** The command as it came; UTF-8 text, or base64 when it was not UTF-8. */
  readonly body: string
  readonly encoding: 'utf8' | 'base64'
  readonly truncated: boolean
}

export const deadLetter = (subject: string, commandId: string, problem: Uint8Array, data: Uint8Array): DeadLetter => {
  const kept = data.subarray(0, MAX_BODY_BYTES)
  const text = Buffer.from(kept).toString('utf8')
  // A cut in the middle of a character also counts as "not UTF-8": nothing is guessed.
  const isText = Buffer.from(text, 'utf8').equals(kept)
  return {
    subject,
    command_id: commandId,
    problem: parseLoosely(problem),
    body: isText ? text : Buffer.from(kept).toString('base64'),
    encoding: isText ? 'utf8' : 'base64',
    truncated: data.length > kept.length,
  }
}

/** Resolves when the server has it. */
export const bury = (publisher: Publisher, letter: DeadLetter): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = preparedHeader('Nats-Expected-Stream: DEAD\r\n')
    const message = { subject: deadSubject(letter.command_id), data: Buffer.from(JSON.stringify(letter)), headers }
    publisher.send(message, () => resolve(), reject)
  })

/** The problem out of a stored letter, as bytes again. */
export const problemOf = (data: Uint8Array): Uint8Array | undefined => {
  const letter = parseLoosely(data)
  if (typeof letter !== 'object' || letter === null || !('problem' in letter)) return undefined
  const { problem } = letter
  return Buffer.from(typeof problem === 'string' ? problem : JSON.stringify(problem))
}
