/**
 * Two agents with one identity must not both run: whoever comes asks first, with its boot as the question. The one asked is told
 * so that the second agent exists.
 */
import { bootIdSchema, DunlinError, type BootId, type NodeId } from '@dunlin/contracts/agent'
import { rpcSubject } from '@dunlin/nats/agent'
import * as z from 'zod/mini'
import type { AgentPorts } from '../ports.ts'

const answerSchema = z.object({ boot: bootIdSchema, announced: z.boolean() })

/**
 * Throws `second_agent` when an agent with this identity answers. Nobody, or no network, means that it may start. While
 * neither stands in the log, the one with the lower boot goes on: the other hears that from its own question.
 */
export const ensureAlone = async (
  { bus }: Pick<AgentPorts, 'bus'>,
  node: NodeId,
  boot: BootId,
  timeoutMs: number,
): Promise<void> => {
  let answer: string
  try {
    const asked = await bus.request(rpcSubject(node, 'boot'), new TextEncoder().encode(boot), timeoutMs)
    answer = new TextDecoder().decode(asked.data)
  } catch {
    return
  }
  const other = readAnswer(answer)
  if (other !== undefined && !other.announced && boot < other.boot) return
  throw new DunlinError('second_agent', `Another agent runs as node ${node}: ${answer}`)
}

const readAnswer = (text: string): z.output<typeof answerSchema> | undefined => {
  try {
    return answerSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** The boot of a second agent that asks; undefined when it is nobody's, or our own question comes back. */
export const secondBoot = (question: Uint8Array, own: BootId): BootId | undefined => {
  const asking = bootIdSchema.safeParse(new TextDecoder().decode(question))
  return asking.success && asking.data !== own ? asking.data : undefined
}
