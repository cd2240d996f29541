/**
 * One GET with redirects. Node's http module, not fetch: it lets the policy see the addresses that a name resolves to,
 * at the moment of connecting, and costs an idle agent less memory. Loaded when the first artifact is asked for.
 */
import type { IncomingMessage, RequestOptions } from 'node:http'
import type { LookupFunction } from 'node:net'
import { checkUrl, isMetadataAddress, metadataRefused, type ArtifactPolicy } from './policy.ts'
import { refused } from './problem.ts'

const MOST_REDIRECTS = 5
/** A server that sends nothing for this long is treated as gone. */
const SILENT_MS = 30_000
/** Times the silence after which a server must have sent all its headers: one that drips them is never silent. */
const HEADERS_SILENCES = 4

export interface GetOptions {
  readonly headers: Readonly<Record<string, string>>
  readonly policy: ArtifactPolicy
  readonly signal: AbortSignal
  readonly silentMs?: number
}

/** The answer after all redirects, its body not read. Throws a permanent `TaskError` when the policy refuses. */
export const get = async (source: string, options: GetOptions): Promise<IncomingMessage> => {
  let url = new URL(source)
  checkUrl(url, options.policy)
  for (let redirects = 0; ; redirects++) {
    const answer = await getOnce(url, options)
    const { location } = answer.headers
    if (!isRedirect(answer.statusCode ?? 0) || location === undefined) return answer
    answer.destroy()
    if (redirects === MOST_REDIRECTS) throw refused(`${source} redirects more than ${MOST_REDIRECTS} times.`)
    const next = URL.parse(location, url.href)
    if (!next) throw refused(`${url.href} redirects to "${location}", which is no address.`)
    checkUrl(next, options.policy, url)
    url = next
  }
}

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)

const getOnce = async (
  url: URL,
  { headers, policy, signal, silentMs = SILENT_MS }: GetOptions,
): Promise<IncomingMessage> => {
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  const { lookup } = await import('node:dns')
  const guarded: LookupFunction = (hostname, options, callback) =>
    lookup(hostname, options, (error, address, family) => {
      const addresses = typeof address === 'string' ? [address] : (address ?? []).map((one) => one.address)
      const bad = policy.allowLinkLocal ? undefined : addresses.find(isMetadataAddress)
      callback(error ?? (bad === undefined ? null : metadataRefused(hostname, bad)), address, family)
    })
  const settings: RequestOptions = {
    // A file is no page: bytes are wanted as they lie there.
    headers: { 'accept-encoding': 'identity', 'user-agent': 'dunlin-agent', ...headers },
    lookup: guarded,
    agent: false,
    signal,
  }
  return new Promise((resolve, reject) => {
    const asked = request(url, settings, (answer) => {
      clearTimeout(late)
      resolve(answer)
    })
    const late = setTimeout(() => asked.destroy(new Error('its headers did not end')), HEADERS_SILENCES * silentMs)
    asked.once('error', (error) => {
      clearTimeout(late)
      reject(error)
    })
    asked.setTimeout(silentMs, () => asked.destroy(new Error(`nothing came for ${silentMs / 1000} s`)))
    asked.end()
  })
}
