/** What a node uses, asked of it now. */
import { metricsAnswerSchema, operations, type NodeId } from '@dunlin/contracts'
import type { FastifyInstance } from 'fastify'
import { serve } from '../http/serve.ts'
import { askNode } from '../reach/ask-node.ts'
import { mustHear } from '../reach/job-nodes.ts'
import { instant } from '../views/instant.ts'
import type { RouteContext } from './context.ts'

const ANSWER_WITHIN_MS = 5_000

export const registerMetrics = (app: FastifyInstance, { state, bus, caughtUp }: RouteContext): void => {
  serve(app, operations.readNodeMetrics, async ({ params }) => {
    await caughtUp()
    const node = params.id as NodeId
    mustHear(state, node)
    const answer = await askNode(bus, node, 'metrics', metricsAnswerSchema, ANSWER_WITHIN_MS)
    return {
      node,
      at: instant(answer.at),
      every_ms: answer.everyMs,
      cpus: answer.cpus,
      memory_bytes: answer.memoryBytes,
      disk_bytes: answer.diskBytes,
      history: {
        cpu: answer.cpu,
        memory_used_bytes: answer.memoryUsedBytes,
        disk_used_bytes: answer.diskUsedBytes,
        load_average: answer.load1,
        tasks: answer.tasks,
        agent_rss_bytes: answer.agentRssBytes,
      },
      executions: answer.executions.map(({ x, job, processes, cpuCores, cpuSeconds, memoryBytes }) => ({
        id: x,
        namespace: job.namespace,
        job: job.name,
        processes,
        cpu_cores: cpuCores,
        cpu_seconds: cpuSeconds,
        memory_bytes: memoryBytes,
      })),
    }
  })
}
