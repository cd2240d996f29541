import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import type { TokenId } from '../ids.ts'
import { formatJoinToken, parseJoinToken, TOKEN_SECRET_BYTES } from './token.ts'

const id = '01M7Z3YDX2CPTVYVTYY6VTH1DZ' as TokenId
const secretOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

test.prop([fc.uint8Array({ minLength: TOKEN_SECRET_BYTES, maxLength: TOKEN_SECRET_BYTES })])(
  'a join token is read as it was written, whatever its secret',
  (bytes) => {
    const token = { id, secret: secretOf(bytes) }
    expect(parseJoinToken(` ${formatJoinToken(token)}\n`)).toEqual(token)
  },
)

const good = formatJoinToken({ id, secret: secretOf(new Uint8Array(TOKEN_SECRET_BYTES)) })
it.each(['', 'dnl_', good.slice(0, -1), `${good}A`, good.replace('dnl_', 'dnl-'), good.replace('01m7', '01M7')])(
  '%j is none',
  (text) => expect(parseJoinToken(text)).toBeUndefined(),
)
