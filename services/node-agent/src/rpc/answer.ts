/**
 * Answers questions to this node on `rpc.<node>.<method>` from the table of methods. An answer is one JSON object, either the
 * facts or `{error: problem}`, or a stream of numbered frames that ends with one.
 */
import { DunlinError, MORE, moreSchema } from '@dunlin/contracts/agent'
import type { BusMessage, Subscription } from '@dunlin/eventstore/agent'
import { rpcSubject } from '@dunlin/nats/agent'
import * as z from 'zod/mini'
import type { AgentPorts } from '../ports.ts'
import { secondBoot } from './alone.ts'
import { asDunlinError } from './as-error.ts'
import type { RpcFacts } from './method.ts'
import { methods } from './methods.ts'
import { createStreams, type Streams } from './streams.ts'

export const answerRpc = ({ bus }: Pick<AgentPorts, 'bus'>, facts: RpcFacts): Subscription => {
  const prefix = rpcSubject(facts.node, 'boot').slice(0, -'boot'.length)
  const streams = createStreams(facts.clock)
  const subscription = bus.subscribe(`${prefix}>`, (message) => {
    const name = message.subject.slice(prefix.length)
    // An agent that asks who else has its identity must not hear itself.
    if (name === 'boot') {
      if (new TextDecoder().decode(message.data) === facts.boot) return
      const second = secondBoot(message.data, facts.boot)
      if (second !== undefined) facts.onSecondAgent(second)
    }
    void answerOne(facts, streams, name, message).catch((error: unknown) =>
      facts.logger.error('a question could not be answered', { method: name, error: String(error) }),
    )
  })
  return {
    stop: () => {
      subscription.stop()
      streams.stop()
    },
  }
}

const answerOne = async (facts: RpcFacts, streams: Streams, name: string, message: BusMessage): Promise<void> => {
  try {
    if (name === MORE) return streams.more(z.parse(moreSchema, bodyOf(message)))
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined
    if (method === undefined) throw notBuilt(name)
    if (method.kind === 'answer') return respond(message, await method.answer(facts, bodyOf(message)))
    const { head, run } = method.read(facts, bodyOf(message))
    streams.open(message, head, run)
  } catch (error) {
    respond(message, { error: asDunlinError(error).toProblem() })
  }
}

const respond = (message: BusMessage, answer: unknown): void =>
  void message.respond(new TextEncoder().encode(JSON.stringify(answer)))

/** The question as JSON; one that is none is nothing, and the method's schema says what it misses. */
const bodyOf = ({ data }: BusMessage): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(data))
  } catch {
    return undefined
  }
}

const notBuilt = (name: string): DunlinError =>
  new DunlinError('not_built', `This agent does not answer "${name}".`, {
    hint: `It answers ${Object.keys(methods).join(', ')}.`,
  })
