/** Single messages as the server tells them: from the stream's leader (JSON) or by direct get (raw, any replica). */
import type { Recorded } from '@dunlin/eventstore/agent'
import { API_TIMEOUT_MS, ApiError, apiRequest, ErrCode, requestLog } from './api.ts'
import type { Link } from './connection.ts'
import { headerIn } from './header-bytes.ts'

export interface Stored extends Recorded {
  /** The header block as text; '' when there is none. */
  readonly headerText: string
}

interface MessageAnswer {
  readonly message: {
    readonly subject: string
    readonly seq: number
    readonly hdrs?: string
    readonly data?: string
    readonly time: string
  }
}

export type MessageQuery =
  | { readonly seq: number }
  | { readonly last_by_subj: string }
  | { readonly seq: number; readonly next_by_subj: string }

/** From the leader: what was acknowledged before is seen. Undefined when there is no such message. */
export const getStored = async (link: Link, stream: string, query: MessageQuery): Promise<Stored | undefined> => {
  let answer: MessageAnswer
  try {
    answer = await apiRequest<MessageAnswer>(link, `STREAM.MSG.GET.${stream}`, query)
  } catch (error) {
    if (error instanceof ApiError && error.errCode === ErrCode.messageNotFound) return undefined
    throw error
  }
  const { subject, seq, hdrs, data, time } = answer.message
  const headerText = hdrs === undefined ? '' : Buffer.from(hdrs, 'base64').toString('latin1')
  return stored(seq, subject, data === undefined ? new Uint8Array() : Buffer.from(data, 'base64'), time, headerText)
}

/** The last message of a subject from any replica: cheap, can be granted per subject, but may lag behind the leader. */
export const getLastDirect = async (link: Link, stream: string, subject: string): Promise<Stored | undefined> => {
  const message = await requestLog(link, `$JS.API.DIRECT.GET.${stream}.${subject}`, '', API_TIMEOUT_MS)
  const headers = message.headers
  if (headers === undefined || headers.code === 404) return undefined
  if (headers.code >= 300) throw new ApiError(headers.code, 0, headers.description)
  let headerText = '\r\n'
  for (const [name, values] of headers) headerText += `${name}: ${values[0] ?? ''}\r\n`
  return stored(
    Number(headers.get('Nats-Sequence')),
    headers.get('Nats-Subject'),
    message.data,
    headers.get('Nats-Time-Stamp'),
    headerText,
  )
}

const stored = (seq: number, subject: string, data: Uint8Array, time: string, headerText: string): Stored => {
  const msgId = headerIn(headerText, 'Nats-Msg-Id')
  const base = { seq, subject, data, storedAtMs: Date.parse(time), headerText }
  return msgId === undefined ? base : { ...base, msgId }
}

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
