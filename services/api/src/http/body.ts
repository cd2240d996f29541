/** Bodies are kept as bytes until a route knows what they shall be: one place decides about types, sizes and encoding. */
import { DunlinError } from '@dunlin/contracts'
import type { FastifyInstance } from 'fastify'

/** A spec of 512 KiB with generous white space; anything larger is refused before it is read. */
export const MAX_BODY_BYTES = 1024 * 1024

const jsonTypes = ['application/json']
const yamlTypes = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml']

export interface RawBody {
  readonly text: string
  readonly format: 'json' | 'yaml'
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Throws malformed_body when the bytes are not UTF-8. A byte order mark is dropped. */
export const decodeUtf8 = (bytes: Uint8Array): string => {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    throw new DunlinError('malformed_body', 'The body is not valid UTF-8.', { cause: error })
  }
}

export const registerBodies = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers()
  for (const [types, format] of [
    [jsonTypes, 'json'],
    [yamlTypes, 'yaml'],
  ] as const) {
    app.addContentTypeParser<Buffer>([...types], { parseAs: 'buffer' }, async (_request: unknown, bytes: Buffer) => {
      const body: RawBody = { text: decodeUtf8(bytes), format }
      return body
    })
  }
}
