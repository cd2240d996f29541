/** The text of a join token as a person hands it over: `dnl_<id in lower case>_<secret>`. */
import { tokenIdSchema, type TokenId } from '../ids.ts'

/** 256 bits in base64url. */
const TEXT = /^dnl_([0-9a-hjkmnp-tv-z]{26})_([A-Za-z0-9_-]{43})$/
export const TOKEN_SECRET_BYTES = 32

export interface JoinToken {
  readonly id: TokenId
  readonly secret: string
}

export const formatJoinToken = ({ id, secret }: JoinToken): string => `dnl_${id.toLowerCase()}_${secret}`

/** Undefined when it is none; white space around it is left out. */
export const parseJoinToken = (text: string): JoinToken | undefined => {
  const [, id = '', secret = ''] = TEXT.exec(text.trim()) ?? []
  const read = tokenIdSchema.safeParse(id.toUpperCase())
  return read.success ? { id: read.data, secret } : undefined
}
