/**
 * The windows of executions that are being validated, asked of their nodes just now (`rpc.<nodeId>.windows`). For people who
 * watch: the API hears no heartbeats, and decides nothing by them.
 */
import {
  disturbances,
  executionIdSchema,
  windowEndSchema,
  type HealthWindow,
  type NodeId,
  type WindowEnd,
} from '@dunlin/contracts'
import type { Bus } from '@dunlin/eventstore'
import { rpcSubject } from '@dunlin/nats'
import * as z from 'zod/mini'

const answerSchema = z.object({
  executions: z.array(z.object({ x: executionIdSchema, w: z.array(windowEndSchema) })),
})
/** A person waits for the picture. */
const ANSWER_WITHIN_MS = 400
const NO_QUESTION = new Uint8Array(0)
/** More than this says nothing new. */
const WINDOWS_SHOWN = 6

/** Undefined when the node does not answer in time, with something else, or does not know the execution. */
export const readLiveWindows = async (
  bus: Pick<Bus, 'request'>,
  node: NodeId,
  execution: string,
): Promise<readonly HealthWindow[] | undefined> => {
  try {
    const answer = await bus.request(rpcSubject(node, 'windows'), NO_QUESTION, ANSWER_WITHIN_MS)
    const read = answerSchema.safeParse(JSON.parse(new TextDecoder().decode(answer.data)))
    const ends = read.success ? read.data.executions.find(({ x }) => x === execution)?.w : undefined
    return ends === undefined ? undefined : windowsBetween(ends).slice(-WINDOWS_SHOWN)
  } catch {
    return undefined
  }
}

/** A window whose beginning is not known is not shown. */
const windowsBetween = (ends: readonly WindowEnd[]): readonly HealthWindow[] => {
  const sorted = [...ends].sort(([a], [b]) => a - b)
  return sorted.flatMap(([n, messages, failed, letter], i) => {
    const begin: WindowEnd | undefined = n === 1 ? [0, 0, 0, ''] : sorted[i - 1]
    if (begin === undefined || begin[0] !== n - 1) return []
    return [
      {
        n,
        in: Math.max(0, messages - begin[1]),
        failed: Math.max(0, failed - begin[2]),
        ...(letter === '' ? {} : { disturbed: disturbances[letter] }),
      },
    ]
  })
}
