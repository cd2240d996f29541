/** Tells the server which keys are refused: it cuts their connections at once, and takes no new ones. */
import { DunlinError } from '@dunlin/contracts/agent'
import { decode, type Account } from '@nats-io/jwt'
import { openLink, type Link, type LinkOptions } from '../connection.ts'
import { encodeNodesAccount, type Authority } from './authority.ts'
import { parseCredentials } from './credentials.ts'

export interface Claims {
  /**
   * Refuses these keys besides those that are refused already: nothing here ever takes a refusal back, so that a process
   * that knows less than another cannot undo it. Returns whether anything had to be told.
   * @throws DunlinError log_unavailable when the server does not take it
   */
  revoke(keys: ReadonlySet<string>): Promise<boolean>
  close(): Promise<void>
}

const TIMEOUT_MS = 4_000

export const connectClaims = async (
  authority: Authority,
  options: Pick<LinkOptions, 'url' | 'name'>,
): Promise<Claims> => {
  const link = await openLink({ ...options, credentials: parseCredentials(authority.claimsCredentials) })
  const { nodes } = authority.accounts
  return {
    revoke: async (keys) => {
      const stored = await ask(link, `$SYS.REQ.ACCOUNT.${nodes}.CLAIMS.LOOKUP`, '')
      const before = revokedIn(stored)
      const all = new Set([...before, ...keys])
      if (all.size === before.length) return false
      const answer = await ask(link, '$SYS.REQ.CLAIMS.UPDATE', await encodeNodesAccount(authority, [...all]))
      if (codeOf(answer) !== 200)
        throw new DunlinError('log_unavailable', `The server did not take the claims of the nodes' account: ${answer}`)
      return true
    },
    close: () => link.close(),
  }
}

const ask = async (link: Link, subject: string, body: string): Promise<string> => {
  try {
    return new TextDecoder().decode((await link.nc.request(subject, body, { timeout: TIMEOUT_MS })).data)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new DunlinError('log_unavailable', `The server does not answer ${subject}: ${why}`, { cause })
  }
}

/** Of a JWT; nothing when the server has none for the account. */
const revokedIn = (stored: string): readonly string[] => {
  if (stored === '') return []
  try {
    return Object.keys(decode<Account>(stored).nats.revocations ?? {})
  } catch (cause) {
    throw new DunlinError('log_unavailable', "The server's claims of the nodes' account cannot be read.", { cause })
  }
}

const codeOf = (answer: string): number | undefined => {
  try {
    return (JSON.parse(answer) as { readonly data?: { readonly code?: number } }).data?.code
  } catch {
    return undefined
  }
}
