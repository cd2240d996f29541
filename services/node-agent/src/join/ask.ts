/** Asks the server to let this node in: a challenge, then a request that is signed with the node's key. */
import { DunlinError, errorCatalogue, type ErrorCode, type NodeId } from '@dunlin/contracts/agent'
import { signProof } from '@dunlin/nats/agent'
import * as z from 'zod/mini'
import type { NodeKey } from '../credentials/membership.ts'

const challengeSchema = z.object({ challenge: z.string() })
const answerSchema = z.object({
  node: z.string(),
  state: z.enum(['pending', 'admitted']),
  credential: z.optional(z.string()),
  nats_urls: z.array(z.string()).check(z.minLength(1)),
})
const problemSchema = z.object({ code: z.string(), detail: z.optional(z.string()), hint: z.optional(z.string()) })

export type Answer = z.output<typeof answerSchema>
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface Ask {
  /** Address of the API. */
  readonly server: string
  readonly node: NodeId
  readonly key: NodeKey
  /** Not needed again once the node has joined. */
  readonly token?: string | undefined
  readonly fetch?: Fetch | undefined
}

const TIMEOUT_MS = 15_000

/** @throws DunlinError what the server refuses it with, server_unreachable, unreadable_answer */
export const askToJoin = async ({ server, node, key, token, fetch: given }: Ask): Promise<Answer> => {
  const base = server.replace(/\/+$/, '')
  const call: Fetch = given ?? ((url, init) => fetch(url, init))
  const { challenge } = await exchange(call, `${base}/api/v1/enrolment/challenge`, challengeSchema)
  const body = { node, public_key: key.publicKey, challenge, ...(token === undefined ? {} : { token }) }
  return exchange(call, `${base}/api/v1/nodes/enroll`, answerSchema, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, signature: signProof(key.seed, body) }),
  })
}

const exchange = async <S extends z.ZodMiniType>(
  call: Fetch,
  url: string,
  schema: S,
  init: RequestInit = {},
): Promise<z.output<S>> => {
  let status: number
  let text: string
  try {
    // A redirect could carry the token to somebody else.
    const response = await call(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) })
    status = response.status
    text = await response.text()
  } catch (cause) {
    throw new DunlinError('server_unreachable', `${url} cannot be reached: ${reasonOf(cause)}`, {
      cause,
      hint: 'Is the address of --server right, and does a firewall let it through?',
    })
  }
  const json = parsed(text)
  if (status === 200) {
    const read = schema.safeParse(json)
    if (read.success) return read.data
  }
  const problem = problemSchema.safeParse(json)
  if (!problem.success || !Object.hasOwn(errorCatalogue, problem.data.code))
    throw new DunlinError('unreadable_answer', `${url} answered ${status}: ${text.slice(0, 200)}`)
  const { code, detail, hint } = problem.data
  throw new DunlinError(code as ErrorCode, detail, hint === undefined ? {} : { hint })
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(cause instanceof Error)) return String(cause)
  return cause.message || ((cause as NodeJS.ErrnoException).code ?? cause.name)
}
