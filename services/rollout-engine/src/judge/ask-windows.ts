/** Asks a node for all windows of an execution that it keeps (`rpc.<nodeId>.windows`). */
import { windowEndSchema, type ExecutionId, type NodeId, type WindowEnd } from '@dunlin/contracts'
import type { Bus } from '@dunlin/eventstore'
import { rpcSubject } from '@dunlin/nats'
import * as z from 'zod/mini'

const answerSchema = z.object({ windows: z.array(windowEndSchema) })
const ANSWER_WITHIN_MS = 1_000

/** `undefined` when the node does not answer, or with something else. */
export const readWindows = async (
  bus: Bus,
  node: NodeId,
  execution: ExecutionId,
): Promise<readonly WindowEnd[] | undefined> => {
  try {
    const question = new TextEncoder().encode(JSON.stringify({ execution }))
    const answer = await bus.request(rpcSubject(node, 'windows'), question, ANSWER_WITHIN_MS)
    const read = answerSchema.safeParse(JSON.parse(new TextDecoder().decode(answer.data)))
    return read.success ? read.data.windows : undefined
  } catch {
    return undefined
  }
}
