/** Reads a message of COMMANDS: its subject, its headers and its body. Whatever is wrong is a typed error. */
import { createHash } from 'node:crypto'
import { commandIdSchema, DunlinError, parseYamlOrJson, type JobKey } from '@dunlin/contracts'
import type { QueuedCommand } from '@dunlin/eventstore'
import { parseCommandSubject } from '@dunlin/nats'
import { decodeUtf8 } from '../http/body.ts'

/** Where outcomes go besides `outcome.<id>`; anything else could make this service write into foreign subjects. */
const INBOX = /^_INBOX\.[^\s*>]{1,200}$/

export type SubjectCommand = { readonly verb: string; readonly body: unknown } & (
  | { readonly kind: 'job'; readonly key: JobKey }
  | { readonly kind: 'node'; readonly node: string }
)

/**
 * The id that the caller chose as `Nats-Msg-Id`, else one made of the message's position in the queue: a message that is
 * delivered twice keeps it, so it is applied once. An id that cannot be one is replaced by a digest for the answer.
 */
export const commandIdOf = (command: QueuedCommand): { readonly id: string; readonly error?: DunlinError } => {
  const { msgId, created, seq } = command
  if (msgId === undefined || msgId === '') return { id: `queue:${Date.parse(created)}:${seq}` }
  // Ids that begin with "~" are derived by the system and not remembered.
  if (commandIdSchema.safeParse(msgId).success && !msgId.startsWith('~')) return { id: msgId }
  return {
    id: `unusable:${createHash('sha256').update(msgId).digest('hex').slice(0, 32)}`,
    error: new DunlinError('invalid_command', 'Nats-Msg-Id cannot be a command id.', {
      hint: 'Send 1 to 200 printable ASCII characters without spaces, not beginning with "~".',
    }),
  }
}

/** Throws reply_subject_refused. A command whose answer may not be sent is refused as a whole: its caller waits in vain. */
export const replyToOf = (headers: Readonly<Record<string, string>>): string | undefined => {
  const found = Object.entries(headers).find(([name]) => name.toLowerCase() === 'dunlin-reply-to')?.[1]
  if (found === undefined || found === '') return undefined
  if (!INBOX.test(found)) throw new DunlinError('reply_subject_refused')
  return found
}

/** Throws invalid_subject, not_by_subject, malformed_body or body_too_large. */
export const readSubjectCommand = ({ subject, data }: Pick<QueuedCommand, 'subject' | 'data'>): SubjectCommand => {
  const address = parseCommandSubject(subject)
  if (address === undefined) throw new DunlinError('invalid_subject', `${JSON.stringify(subject)} names no command.`)
  const { verb } = address
  if (address.kind === 'job') return { kind: 'job', key: address.key, verb, body: readJson(data) }
  // Whoever can publish could let a node of his own in.
  if (verb === 'approve') throw new DunlinError('not_by_subject', 'A node cannot be approved by subject.')
  return { kind: 'node', node: address.nodeId, verb, body: readJson(data) }
}

/** Read as strictly as by HTTP. An empty message is an empty body: `stop` needs none. */
const readJson = (data: Uint8Array): unknown => {
  if (data.length === 0) return {}
  const read = parseYamlOrJson(decodeUtf8(data), 'json')
  if (read.ok) return read.value
  throw read.error
}
