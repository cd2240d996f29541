/** `rpc.<node>.progress`: what starts and queries that take long are doing. */
import type { ExecutionId } from '@dunlin/contracts/agent'
import { taskDirOf } from '../converge/execution.ts'
import { readProgress } from '../drivers/query/result-file.ts'
import type { RpcFacts } from './method.ts'

export const progressOf = ({ node, boot, runner, dataDir }: RpcFacts) => ({
  node,
  boot,
  executions: [...runner.executions.values()].flatMap(({ entry, latest, progress, content }) => {
    const query = content?.type === 'query' ? queryOf(dataDir, entry.execution) : undefined
    if (progress === undefined && query === undefined) return []
    return [{ x: entry.execution, st: latest.state, progress: progress ?? null, query: query ?? null }]
  }),
})

const queryOf = (dataDir: string, execution: ExecutionId) => readProgress(taskDirOf(dataDir, execution))
