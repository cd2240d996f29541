/**
 * Answers questions to this node on `rpc.<node>.<method>` from the table of methods. Every answer is one JSON object: either
 * the facts, or `{error: problem}` with a problem document.
 */
import { DunlinError } from '@dunlin/contracts/agent'
import type { BusMessage, Subscription } from '@dunlin/eventstore/agent'
import { rpcSubject } from '@dunlin/nats/agent'
import * as z from 'zod/mini'
import type { AgentPorts } from '../ports.ts'
import type { RpcFacts } from './method.ts'
import { methods } from './methods.ts'

export const answerRpc = ({ bus }: Pick<AgentPorts, 'bus'>, facts: RpcFacts): Subscription => {
  const prefix = rpcSubject(facts.node, 'boot').slice(0, -'boot'.length)
  return bus.subscribe(`${prefix}>`, (message) => {
    const name = message.subject.slice(prefix.length)
    // An agent that asks who else has its identity must not hear itself.
    if (name === 'boot' && new TextDecoder().decode(message.data) === facts.boot) return
    void answerOne(facts, name, message)
  })
}

const answerOne = async (facts: RpcFacts, name: string, message: BusMessage): Promise<void> => {
  try {
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined
    if (method === undefined) throw notBuilt(name)
    respond(message, await method.answer(facts, bodyOf(message)))
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

const asDunlinError = (error: unknown): DunlinError => {
  if (error instanceof DunlinError) return error
  if (error instanceof z.core.$ZodError)
    return new DunlinError('invalid_request', 'The question is not valid.', {
      errors: error.issues.map(({ path, message }) => ({ path: path.join('.'), message })),
      cause: error,
    })
  return new DunlinError('internal', error instanceof Error ? error.message : String(error), { cause: error })
}

const notBuilt = (name: string): DunlinError =>
  new DunlinError('not_built', `This agent does not answer "${name}".`, {
    hint: `It answers ${Object.keys(methods).join(', ')}.`,
  })
