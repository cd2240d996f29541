/** Archived commits of one subject as one object: a compressed line of JSON per message, bytes kept as they were. */
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import { DunlinError } from '@dunlin/contracts/agent'
import type { Recorded } from '../log.ts'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** A body that is not UTF-8 (only a broken writer's) is kept as base64. */
type Line = [seq: number, storedAtMs: number, msgId: string | null, body: string, encoding?: 'base64']

const lineOf = ({ seq, storedAtMs, msgId, data }: Recorded): Line => {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const text = bytes.toString('utf8')
  const line: Line = [seq, storedAtMs, msgId ?? null, text]
  return Buffer.from(text).equals(bytes) ? line : [seq, storedAtMs, msgId ?? null, bytes.toString('base64'), 'base64']
}

export const encodeArchive = (messages: readonly Recorded[]): Promise<Buffer> =>
  compress(Buffer.from(messages.map((recorded) => JSON.stringify(lineOf(recorded))).join('\n')))

/** Throws `corrupt_document` when the bytes are not an archive. */
export const decodeArchive = async (subject: string, bytes: Uint8Array): Promise<Recorded[]> => {
  try {
    const text = (await decompress(bytes)).toString('utf8')
    return text.split('\n').map((line) => {
      const [seq, storedAtMs, msgId, body, encoding] = JSON.parse(line) as Line
      const data = Buffer.from(body, encoding ?? 'utf8')
      return { seq, subject, data, storedAtMs, ...(msgId === null ? undefined : { msgId }) }
    })
  } catch (cause) {
    throw new DunlinError('corrupt_document', `The archive of ${subject} cannot be read.`, { cause })
  }
}
