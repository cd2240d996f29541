/** What a method of `rpc.<node>.<method>` is: a schema for its question, and its answer as a function of the agent's facts. */
import type { BootId, NodeId } from '@dunlin/contracts/agent'
import * as z from 'zod/mini'
import type { Documents } from '../converge/documents.ts'
import type { Runner } from '../converge/runner.ts'

/** What methods may know of the agent. */
export interface RpcFacts {
  readonly node: NodeId
  readonly boot: BootId
  readonly agentVersion: string
  readonly runner: Runner
  readonly documents: Documents
}

/** One question, one answer: one JSON object each. */
export interface AnswerMethod {
  readonly kind: 'answer'
  readonly answer: (facts: RpcFacts, body: unknown) => Promise<unknown>
}

export type Method = AnswerMethod

/** `answer` gets what the schema made of the question; an empty body is `undefined`. It may throw a `DunlinError`. */
export const answers = <S extends z.ZodMiniType>(
  question: S,
  answer: (facts: RpcFacts, question: z.output<S>) => unknown,
): AnswerMethod => ({
  kind: 'answer',
  answer: async (facts, body) => answer(facts, z.parse(question, body)),
})

/** Of methods that ask for nothing more than their name. Whatever else stands in the body is passed over. */
export const nothing: z.ZodMiniType = z.unknown()
