/** Two agents with one identity must not both run: whoever comes asks first. */
import { DunlinError, type BootId, type NodeId } from '@dunlin/contracts/agent'
import { rpcSubject } from '@dunlin/nats/agent'
import type { AgentPorts } from '../ports.ts'

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
