/** Reads what lies in a file that only its owner may read: credentials, an authority, a token. */
import { DunlinError } from '@dunlin/contracts/agent'
import { readFileSync, statSync } from 'node:fs'
import type { LinkOptions } from '../connection.ts'
import { parseCredentials } from './credentials.ts'

/** @throws DunlinError invalid_request when it cannot be read, or when others could read it too */
export const readSecretFile = (file: string): string => {
  let mode: number
  let text: string
  try {
    mode = statSync(file).mode
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new DunlinError('invalid_request', `The file ${file} cannot be read: ${String(cause)}`, { cause })
  }
  if ((mode & 0o077) !== 0)
    throw new DunlinError('invalid_request', `Others may read or write ${file}, which holds a secret.`, {
      hint: `chmod 600 ${file}`,
    })
  return text
}

/** For `openLink`: the credentials in a file, or none. */
export const credentialsFrom = (file: string | undefined): Pick<LinkOptions, 'credentials'> =>
  file === undefined ? {} : { credentials: parseCredentials(readSecretFile(file)) }
