// A message on its way through a pipeline: raw bytes or a document (each made from the other when first asked for),
// metadata, and the flag that a step failed on it.
import { MappingError } from './value/errors.ts'
import { UnwritableError, formatJson } from './value/format-json.ts'
import { JsonSyntaxError, parseJson } from './value/parse-json.ts'
import { textOf, utf8 } from './value/text.ts'
import type { ObjectValue, Value } from './value/types.ts'

export interface MessageError {
  readonly message: string
  /** The component that failed, such as `mapping`, its label and where it stands in the configuration. */
  readonly source: string
  readonly label: string
  readonly path: string
}

export interface Message {
  raw: string | Uint8Array | undefined
  /** Present once the raw form was read as a document, or when a mapping made one. */
  document: { readonly value: Value } | undefined
  /** Why the raw form is no document; asked only once. */
  notDocument: string | undefined
  readonly metadata: ObjectValue
  readonly error: MessageError | undefined
}

/** A message as an input made it. Text that was not UTF-8 must have been repaired before. */
export function messageOf(raw: string | Uint8Array, metadata: ObjectValue = {}): Message {
  return { raw, document: undefined, notDocument: undefined, metadata, error: undefined }
}

export function flagged(message: Message, error: MessageError): Message {
  return { ...message, error }
}

/** The message as it leaves the pipeline. A document JSON cannot express comes out empty, as in the reference engine. */
export function messageText(message: Message): string {
  if (message.raw === undefined) message.raw = written(message.document?.value ?? null)
  return typeof message.raw === 'string' ? message.raw : textOf(message.raw)
}

export function messageBytes(message: Message): Uint8Array {
  const { raw } = message
  return raw instanceof Uint8Array ? raw : utf8(messageText(message))
}

function written(value: Value): string {
  try {
    return formatJson(value)
  } catch (error) {
    if (error instanceof UnwritableError) return ''
    throw error
  }
}

/**
 * The message as a document.
 * @throws MappingError when it is none; the text is the reason
 */
export function documentOf(message: Message): Value {
  if (message.document !== undefined) return message.document.value
  if (message.notDocument === undefined) {
    const text = messageText(message)
    try {
      if (text === '') throw new JsonSyntaxError('message is empty')
      const value = parseJson(text)
      message.document = { value }
      return value
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error
      message.notDocument = error.message
    }
  }
  throw new MappingError(message.notDocument)
}
