/** Every method that this agent answers, one line each. docs/protocol.md says what they answer. */
import { answers, nothing, type Method, type RpcFacts } from './method.ts'

const boot = ({ node, boot: of }: RpcFacts) => ({ node, boot: of })

const ping = ({ node, boot: of, agentVersion, documents, runner }: RpcFacts) => ({
  node,
  boot: of,
  agentVersion,
  generation: documents.generation(),
  problem: documents.problem() ?? null,
  plan: runner.plan(),
})

const windows = ({ node, boot: of, runner }: RpcFacts) => ({
  node,
  boot: of,
  executions: [...runner.executions.values()].map(({ entry, latest, cutting }) => ({
    x: entry.execution,
    g: entry.generation,
    st: latest.state,
    intervalMs: cutting.health.intervalMs,
    w: cutting.ends,
  })),
})

export const methods: Readonly<Record<string, Method>> = {
  boot: answers(nothing, boot),
  ping: answers(nothing, ping),
  windows: answers(nothing, windows),
}
