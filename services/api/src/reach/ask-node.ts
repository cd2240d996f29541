/** One question to a node with one answer, and what its failures mean for whoever asked over HTTP. */
import { DunlinError, type NodeId, type Problem } from '@dunlin/contracts'
import type { Bus } from '@dunlin/eventstore'
import { errorOfProblem } from '@dunlin/contracts'
import { rpcSubject } from '@dunlin/nats'
import * as z from 'zod/mini'

const refusedSchema = z.object({ error: z.looseObject({ code: z.string(), detail: z.optional(z.string()) }) })

/** `{error: problem}` of an answer as an error; undefined when it is none. */
export const refusalIn = (data: Uint8Array, node: string, method: string): DunlinError | undefined => {
  try {
    const read = refusedSchema.safeParse(JSON.parse(new TextDecoder().decode(data)))
    return read.success ? errorOfNode(read.data.error as Partial<Problem>, node, method) : undefined
  } catch {
    return undefined
  }
}

/** A node of an older release does not know every method. */
export const errorOfNode = (problem: Partial<Problem>, node: string, method: string): DunlinError => {
  if (problem.code === 'not_built')
    return new DunlinError('node_too_old', `Node ${node} does not answer "${method}": ${problem.detail ?? ''}`)
  return errorOfProblem(problem, problem.status ?? 500)
}

export const offline = (node: string): DunlinError =>
  new DunlinError('node_offline', `Node ${node} is not connected: nobody answers for it.`)

/** Throws what the node refuses with, or `node_offline`. */
export const askNode = async <S extends z.ZodMiniType>(
  bus: Pick<Bus, 'request'>,
  node: NodeId,
  method: string,
  schema: S,
  timeoutMs: number,
): Promise<z.output<S>> => {
  let data: Uint8Array
  try {
    data = (await bus.request(rpcSubject(node, method), new Uint8Array(0), timeoutMs)).data
  } catch {
    throw offline(node)
  }
  const refusal = refusalIn(data, node, method)
  if (refusal) throw refusal
  try {
    return z.parse(schema, JSON.parse(new TextDecoder().decode(data)))
  } catch (cause) {
    throw new DunlinError('unreadable_answer', `Node ${node} answered something else than ${method}.`, { cause })
  }
}
