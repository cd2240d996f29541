/** The flags of `dunlin-agent join`. */
import { parseJoinToken } from '@dunlin/contracts/agent'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readLabels } from '../flags.ts'
import type { Labels } from '@dunlin/contracts/agent'

export interface JoinFlags {
  readonly token: string | undefined
  readonly server: string
  readonly dataDir: string
  readonly nodeId: string | undefined
  readonly name: string | undefined
  readonly labels: Labels
  readonly wait: boolean
}

export const JOIN_USAGE = `dunlin-agent join --token TOKEN --server URL
  --token TOKEN         from dunlin node token create (DUNLIN_JOIN_TOKEN); not needed again once the node has joined
  --token-file FILE     the same from a file, so that it does not show in the list of processes
  --server URL          address of the API (DUNLIN_SERVER)
  --data-dir DIR        .dunlin/agent (DUNLIN_DATA_DIR): key and credential are kept below it, 0600
  --node-id ID          made once when absent (DUNLIN_NODE_ID)
  --name NAME           shown to people
  --label KEY=VALUE     repeated; kept for dunlin-agent run
  --no-wait             do not wait when a person has to approve the node: dunlin-agent run waits, too`

type Env = Readonly<Record<string, string | undefined>>

/** Throws an Error with one sentence a person can act on. */
export const readJoinFlags = (args: readonly string[], env: Env): JoinFlags => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      token: { type: 'string' },
      'token-file': { type: 'string' },
      server: { type: 'string' },
      'data-dir': { type: 'string' },
      'node-id': { type: 'string' },
      name: { type: 'string' },
      label: { type: 'string', multiple: true },
      'no-wait': { type: 'boolean' },
    },
  })
  return {
    token: readToken(values.token, values['token-file'], env),
    server: readServer(values.server ?? env['DUNLIN_SERVER']),
    dataDir: resolve(values['data-dir'] ?? env['DUNLIN_DATA_DIR'] ?? '.dunlin/agent'),
    nodeId: values['node-id'] ?? (env['DUNLIN_NODE_ID'] || undefined),
    name: values.name,
    labels: readLabels(values.label ?? []),
    wait: values['no-wait'] !== true,
  }
}

const readToken = (given: string | undefined, file: string | undefined, env: Env): string | undefined => {
  if (given !== undefined && file !== undefined) throw new Error('Give --token or --token-file, not both.')
  const text = file === undefined ? (given ?? env['DUNLIN_JOIN_TOKEN']) : readFileSync(file, 'utf8')
  if (text === undefined || text === '') return undefined
  // Never shown: it may be a token with a typing error.
  if (parseJoinToken(text) === undefined)
    throw new Error('That is no join token: one has the form dnl_<26 characters>_<43 characters>.')
  return text.trim()
}

const readServer = (text: string | undefined): string => {
  if (text === undefined || text === '') throw new Error('--server URL: the address of the API is needed')
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new Error(`--server ${text}: expected http://host:port or https://host:port`)
  return text
}

/** Plain HTTP to another machine shows the token to whoever listens. */
export const isInTheClear = (server: string): boolean => {
  const { protocol, hostname } = new URL(server)
  return protocol === 'http:' && !/^(localhost|127\.|\[::1\])/.test(hostname)
}
