/** SHA-256 for deciders that take hashing as an argument. */
import { createHash } from 'node:crypto'
import type { Sha256 } from '@dunlin/contracts/agent'

/** Lower-case hex SHA-256 of a text (as UTF-8) or of bytes. */
export const sha256 = (data: string | Uint8Array): Sha256 => createHash('sha256').update(data).digest('hex') as Sha256
