/** `rpc.<node>.progress`: what starts and queries that take long are doing, what probes say, and when restarts come. */
import type { ExecutionId } from '@dunlin/contracts/agent'
import { taskDirOf } from '../converge/execution.ts'
import { readProgress } from '../drivers/query/result-file.ts'
import type { RpcFacts } from './method.ts'

export const progressOf = ({ node, boot, runner, dataDir }: RpcFacts) => ({
  node,
  boot,
  executions: [...runner.executions.values()].flatMap(({ entry, latest, local, progress, probes, content }) => {
    const query = content?.type === 'query' ? queryOf(dataDir, entry.execution) : undefined
    const { attempt, nextAttemptAt } = local
    if ([progress, query, probes, nextAttemptAt].every((one) => one === undefined)) return []
    const shown = { x: entry.execution, st: latest.state, attempt, nextAttemptAt: nextAttemptAt ?? null }
    return [{ ...shown, progress: progress ?? null, probes: probes ?? null, query: query ?? null }]
  }),
})

const queryOf = (dataDir: string, execution: ExecutionId) => readProgress(taskDirOf(dataDir, execution))
