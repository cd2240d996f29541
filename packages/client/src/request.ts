/** One HTTP exchange with the API. Whatever goes wrong is a `DunlinError`: the server's problem, or that it was not reached. */
import { DunlinError, errorOfProblem, type Problem } from '@dunlin/contracts'

export type Fetch = (input: string, init: RequestInit) => Promise<Response>

export interface ClientOptions {
  /** e.g. `http://127.0.0.1:7420` */
  readonly baseUrl: string
  readonly fetch?: Fetch
  /** Sent as X-Dunlin-Actor: who asks. */
  readonly actor?: string
  /** What a server that asks for it wants to see; sent as a bearer token. */
  readonly token?: string
}

export interface RequestOptions {
  readonly method: string
  /** With `{name}` for parameters. */
  readonly path: string
  readonly params?: Readonly<Record<string, string>>
  /** A list is sent as a repeated parameter. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Sent as JSON unless it is text with its own `content-type` header. */
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

const urlOf = (baseUrl: string, { path, params = {}, query = {} }: RequestOptions): string => {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(params[name] ?? ''))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (typeof value === 'object') for (const one of value) search.append(name, one)
    else if (value !== undefined) search.set(name, String(value))
  }
  const text = search.toString()
  return `${baseUrl.replace(/\/+$/, '')}${filled}${text === '' ? '' : `?${text}`}`
}

const unreachable = (url: string, error: unknown): DunlinError => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return new DunlinError('server_unreachable', `${new URL(url).origin} cannot be reached: ${messageOf(cause)}`, {
    cause: error,
  })
}
// A refused connection to a name with several addresses is an AggregateError with an empty message.
const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.message || ('code' in error ? String(error.code) : error.name)
}

/** The response when it is a success; throws the server's problem, `server_unreachable`, or the signal's reason. */
export const send = async (client: ClientOptions, options: RequestOptions): Promise<Response> => {
  const url = urlOf(client.baseUrl, options)
  const { method, body, signal, headers = {} } = options
  const all = new Headers({ accept: 'application/json, application/problem+json' })
  if (client.actor !== undefined) all.set('x-dunlin-actor', client.actor)
  if (client.token !== undefined) all.set('authorization', `Bearer ${client.token}`)
  const asText = typeof body === 'string' && headers['content-type'] !== undefined
  if (body !== undefined && !asText) all.set('content-type', 'application/json')
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) all.set(name, value)
  const payload = body === undefined ? undefined : asText ? body : JSON.stringify(body)
  let response: Response
  try {
    const call: Fetch = client.fetch ?? ((input, init) => fetch(input, init))
    response = await call(url, {
      method,
      headers: all,
      ...(payload === undefined ? {} : { body: payload }),
      ...(signal === undefined ? {} : { signal }),
    })
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw unreachable(url, error)
  }
  if (response.ok) return response
  throw errorOfProblem(await problemOf(response), response.status)
}

const problemOf = async (response: Response): Promise<Partial<Problem>> => {
  const text = await response.text()
  try {
    const json: unknown = JSON.parse(text)
    if (typeof json === 'object' && json !== null) return json
  } catch {
    // Not from the API itself, e.g. a proxy's page.
  }
  return { detail: `The server answered ${response.status}: ${text.slice(0, 200)}` }
}
