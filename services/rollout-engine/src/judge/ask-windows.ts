/** Asks a node for all windows of an execution that it keeps (`rpc.<nodeId>.windows`). */
import { executionIdSchema, windowEndSchema, type ExecutionId, type NodeId, type WindowEnd } from '@dunlin/contracts'
import type { Bus } from '@dunlin/eventstore'
import { rpcSubject } from '@dunlin/nats'
import * as z from 'zod/mini'

const answerSchema = z.object({
  executions: z.array(z.object({ x: executionIdSchema, w: z.array(windowEndSchema) })),
})
const ANSWER_WITHIN_MS = 1_000
const NO_QUESTION = new Uint8Array(0)

/** `undefined` when the node does not answer, or with something else. */
export const readWindows = async (
  bus: Bus,
  node: NodeId,
  execution: ExecutionId,
): Promise<readonly WindowEnd[] | undefined> => {
  try {
    const answer = await bus.request(rpcSubject(node, 'windows'), NO_QUESTION, ANSWER_WITHIN_MS)
    const read = answerSchema.safeParse(JSON.parse(new TextDecoder().decode(answer.data)))
    return read.success ? read.data.executions.find(({ x }) => x === execution)?.w : undefined
  } catch {
    return undefined
  }
}
