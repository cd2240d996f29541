/** When nodes were heard last, and how far their clocks are off: asked of a scheduler just now, because it hears them. */
import { heardAnswerSchema, type HeardAnswer } from '@dunlin/contracts'
import type { Bus } from '@dunlin/eventstore'
import { HEARD } from '@dunlin/nats'

/** A person waits for the list. */
const ANSWER_WITHIN_MS = 300

export type Heard = HeardAnswer['nodes']

/** Empty when no scheduler answers in time: then nobody knows. */
export const askHeard = async (bus: Pick<Bus, 'request'>, nodes: readonly string[]): Promise<Heard> => {
  if (nodes.length === 0) return {}
  try {
    const question = new TextEncoder().encode(JSON.stringify({ nodes }))
    const { data } = await bus.request(HEARD, question, ANSWER_WITHIN_MS)
    const read = heardAnswerSchema.safeParse(JSON.parse(new TextDecoder().decode(data)))
    return read.success ? read.data.nodes : {}
  } catch {
    return {}
  }
}
