/**
 * Answers questions to this node on `rpc.<node>.<method>`. Every answer is one JSON object: either the facts, or
 * `{error: problem}` with a problem document.
 */
import { DunlinError, type BootId, type NodeId } from '@dunlin/contracts/agent'
import type { Subscription } from '@dunlin/eventstore/agent'
import { rpcSubject } from '@dunlin/nats/agent'
import type { Documents } from './converge/documents.ts'
import type { Runner } from './converge/runner.ts'
import type { AgentPorts } from './ports.ts'

interface RpcFacts {
  readonly node: NodeId
  readonly boot: BootId
  readonly agentVersion: string
  readonly runner: Runner
  readonly documents: Documents
}

export const answerRpc = ({ bus }: Pick<AgentPorts, 'bus'>, facts: RpcFacts): Subscription => {
  const { node, boot, agentVersion, runner, documents } = facts
  const methods: Readonly<Record<string, () => unknown>> = {
    boot: () => ({ node, boot }),
    ping: () => ({
      node,
      boot,
      agentVersion,
      generation: documents.generation(),
      problem: documents.problem() ?? null,
      plan: runner.plan(),
    }),
    windows: () => ({
      node,
      boot,
      executions: [...runner.executions.values()].map(({ entry, latest, cutting }) => ({
        x: entry.execution,
        g: entry.generation,
        st: latest.state,
        intervalMs: cutting.health.intervalMs,
        w: cutting.ends,
      })),
    }),
  }
  const prefix = rpcSubject(node, 'boot').slice(0, -'boot'.length)
  return bus.subscribe(`${prefix}>`, (message) => {
    const method = message.subject.slice(prefix.length)
    // An agent that asks who else has its identity must not hear itself.
    if (method === 'boot' && new TextDecoder().decode(message.data) === boot) return
    const answer = methods[method]?.() ?? { error: notBuilt(method).toProblem() }
    message.respond(new TextEncoder().encode(JSON.stringify(answer)))
  })
}

const notBuilt = (method: string): DunlinError =>
  new DunlinError('not_built', `This agent does not answer "${method}".`, {
    hint: 'It answers boot, ping and windows.',
  })

/** Throws `second_agent` when an agent with this identity answers. Nobody, or no network, means that it may start. */
export const ensureAlone = async (
  { bus }: Pick<AgentPorts, 'bus'>,
  node: NodeId,
  boot: BootId,
  timeoutMs: number,
): Promise<void> => {
  let answer: Uint8Array
  try {
    answer = (await bus.request(rpcSubject(node, 'boot'), new TextEncoder().encode(boot), timeoutMs)).data
  } catch {
    return
  }
  throw new DunlinError('second_agent', `Another agent runs as node ${node}: ${new TextDecoder().decode(answer)}`)
}
