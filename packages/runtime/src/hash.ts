/** SHA-256 for deciders that take hashing as an argument. */
import { hash } from 'node:crypto'
import type { Sha256 } from '@dunlin/contracts/agent'

/**
 * Lower-case hex SHA-256 of a text (as UTF-8) or of bytes. At once, without a `Hash` object: every commit's message id
 * comes from here, and the object costs more than the digest.
 */
export const sha256 = (data: string | Uint8Array): Sha256 => hash('sha256', data, 'hex') as Sha256
