/** What every command shares: streams, the server's client, and the global options. */
import { createClient, type Client } from '@dunlin/client'
import { DunlinError } from '@dunlin/contracts'
import type { Io } from './io.ts'

export const DEFAULT_SERVER = 'http://127.0.0.1:7420'

export interface GlobalOptions {
  readonly server?: string
  readonly token?: string
}

export interface Context {
  readonly io: Io
  readonly client: (options: GlobalOptions) => Client
}

/** Throws invalid_request when the address is none. */
export const serverUrl = (io: Io, options: GlobalOptions): string => {
  const text = options.server ?? io.env['DUNLIN_SERVER'] ?? DEFAULT_SERVER
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new DunlinError('invalid_request', `${JSON.stringify(text)} is not the address of a server.`, {
      hint: `Write e.g. --server ${DEFAULT_SERVER}`,
    })
  return text
}

export const createContext = (io: Io): Context => ({
  io,
  client: (options) => {
    const actor = io.env['DUNLIN_ACTOR'] ?? io.env['USER']
    const token = options.token ?? io.env['DUNLIN_TOKEN']
    return createClient({
      baseUrl: serverUrl(io, options),
      ...(actor === undefined || actor === '' ? {} : { actor }),
      ...(token === undefined || token === '' ? {} : { token }),
    })
  },
})
