/** What a method of `rpc.<node>.<method>` is: a schema for its question, and its answer as a function of the agent's facts. */
import { streamHeadSchema, type BootId, type NodeId, type StreamHead } from '@dunlin/contracts/agent'
import type { Clock, Logger } from '@dunlin/runtime/agent'
import * as z from 'zod/mini'
import type { Documents } from '../converge/documents.ts'
import type { Runner } from '../converge/runner.ts'
import type { ExecPolicy } from '../exec/policy.ts'
import type { NodeMetrics } from '../metrics/node-metrics.ts'
import type { Problems } from '../report/problems.ts'
import type { Out, Run } from './streams.ts'

/** What methods may know of the agent. */
export interface RpcFacts {
  readonly node: NodeId
  readonly boot: BootId
  readonly agentVersion: string
  readonly runner: Runner
  readonly documents: Documents
  readonly problems: Problems
  /** This boot stands in the log. */
  readonly isAnnounced: () => boolean
  /** Somebody with another boot asked for this node's identity. */
  readonly onSecondAgent: (boot: BootId) => void
  readonly dataDir: string
  readonly clock: Clock
  readonly logger: Logger
  /** Absent: nobody may run commands here. */
  readonly exec: ExecPolicy | undefined
  /** Absent: this agent measures nothing. */
  readonly metrics: NodeMetrics | undefined
}

/** One question, one answer: one JSON object each. */
interface AnswerMethod {
  readonly kind: 'answer'
  readonly answer: (facts: RpcFacts, body: unknown) => Promise<unknown>
}

/** One question, an answer in parts; the question also says which stream and how many parts may be under way. */
interface StreamMethod {
  readonly kind: 'stream'
  /** Throws when the question is not valid. */
  readonly read: (facts: RpcFacts, body: unknown) => { readonly head: StreamHead; readonly run: Run }
}

export type Method = AnswerMethod | StreamMethod

/** `answer` gets what the schema made of the question; an empty body is `undefined`. It may throw a `DunlinError`. */
export const answers = <S extends z.ZodMiniType>(
  question: S,
  answer: (facts: RpcFacts, question: z.output<S>) => unknown,
): Method => ({
  kind: 'answer',
  answer: async (facts, body) => answer(facts, z.parse(question, body)),
})

/** `run` puts the parts out and returns what is said last. */
export const streams = <S extends z.ZodMiniType>(
  question: S,
  run: (facts: RpcFacts, question: z.output<S>, out: Out) => Promise<unknown>,
): Method => ({
  kind: 'stream',
  read: (facts, body) => {
    const head = z.parse(streamHeadSchema, body)
    const asked = z.parse(question, body)
    return { head, run: (out) => run(facts, asked, out) }
  },
})

/** Of methods that ask for nothing more than their name. Whatever else stands in the body is passed over. */
export const nothing: z.ZodMiniType = z.unknown()
