/** Every method that this agent answers, one line each. docs/protocol.md says what they answer. */
import { DunlinError, execQuestionSchema, logsQuestionSchema, resultsQuestionSchema } from '@dunlin/contracts/agent'
import { runCommand } from '../exec/run-command.ts'
import { followLogs } from '../logs/follow-logs.ts'
import { answers, nothing, streams, type Method, type RpcFacts } from './method.ts'
import { progressOf } from './progress.ts'
import { sendResults } from './results.ts'

const boot = ({ node, boot: of, isAnnounced }: RpcFacts) => ({ node, boot: of, announced: isAnnounced() })

const ping = ({ node, boot: of, agentVersion, documents, runner, problems }: RpcFacts) => ({
  node,
  boot: of,
  agentVersion,
  generation: documents.generation(),
  problem: documents.problem() ?? null,
  problems: problems.all(),
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

const metrics = ({ node, metrics: measured }: RpcFacts) => {
  if (measured === undefined) throw new DunlinError('not_built', 'This agent measures nothing.')
  return measured.answer(node)
}

export const methods: Readonly<Record<string, Method>> = {
  boot: answers(nothing, boot),
  ping: answers(nothing, ping),
  windows: answers(nothing, windows),
  metrics: answers(nothing, metrics),
  progress: answers(nothing, progressOf),
  logs: streams(logsQuestionSchema, followLogs),
  results: streams(resultsQuestionSchema, sendResults),
  exec: streams(execQuestionSchema, runCommand),
}
