/** Puts an operation of the contract table on the server: path, validation of every part, and the handler's answer. */
import {
  DunlinError,
  parseYamlOrJson,
  type BodyOutput,
  type HeadersOutput,
  type Operation,
  type ParamsOutput,
  type QueryOutput,
  type ResponseOf,
} from '@dunlin/contracts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { RawBody } from './body.ts'

export interface Call<O extends Operation> {
  readonly params: ParamsOutput<O>
  readonly query: QueryOutput<O>
  readonly headers: HeadersOutput<O>
  readonly body: BodyOutput<O>
  /** The text of the body as it came; absent when there was none. */
  readonly raw: RawBody | undefined
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** Fastify writes parameters with a colon. */
const routePath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1')

type Issue = NonNullable<DunlinError['errors']>[number]

interface Schema {
  safeParse(value: unknown): {
    readonly success: boolean
    readonly data?: unknown
    readonly error?: { readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] }
  }
}

const check = (place: string, schema: Schema | undefined, value: unknown, issues: Issue[]): unknown => {
  if (schema === undefined) return undefined
  const read = schema.safeParse(value)
  if (read.success) return read.data
  for (const { path, message } of read.error?.issues ?? [])
    issues.push({ path: [place, ...path.map(String)].join('.'), message })
  return undefined
}

/** JSON of a body that has a schema; an empty body is no body. */
const jsonOf = (raw: RawBody | undefined): unknown => {
  if (raw === undefined || raw.text.trim() === '') return undefined
  if (raw.format !== 'json')
    throw new DunlinError('unsupported_media_type', 'Only a job spec may be YAML; this body is read as JSON.')
  const read = parseYamlOrJson(raw.text, 'json')
  if (read.ok) return read.value
  throw read.error
}

const readCall = <O extends Operation>(entry: O, request: FastifyRequest, reply: FastifyReply): Call<O> => {
  const raw = request.body as RawBody | undefined
  const issues: Issue[] = []
  const call = {
    params: check('path', entry.params, request.params, issues),
    query: check('query', entry.query, request.query, issues),
    headers: check('header', entry.headers, request.headers, issues),
    body:
      entry.body === undefined || entry.body === 'spec' ? undefined : check('body', entry.body, jsonOf(raw), issues),
  }
  if (issues.length > 0) throw new DunlinError('invalid_request', undefined, { errors: issues })
  // Each part was just read by the schema whose output type it now gets.
  return { ...call, raw, request, reply } as unknown as Call<O>
}

/** `handle` returns the body of a 200, which is sent as JSON; `undefined` when it has answered by itself. */
export const serve = <O extends Operation>(
  app: FastifyInstance,
  entry: O,
  handle: (call: Call<O>) => Promise<ResponseOf<O> | undefined> | ResponseOf<O> | undefined,
): void => {
  app.route({
    method: entry.method,
    url: routePath(entry.path),
    handler: async (request, reply) => {
      const answer = await handle(readCall(entry, request, reply))
      if (answer === undefined) return reply
      return reply.type('application/json; charset=utf-8').send(JSON.stringify(answer))
    },
  })
}
