/** Nodes as the API shows them: what the centre decided, joined with what the node announced. */
import type { NodeView } from '@dunlin/contracts'
import type { NodeReports, NodeState } from '@dunlin/domain'
import { instant } from './instant.ts'

export const nodeView = (
  id: string,
  node: NodeState | undefined,
  reports: NodeReports | undefined,
  executions: number,
): NodeView => {
  const connection = node?.connection ?? { is: 'never' as const }
  const announced = reports?.announced
  return {
    id,
    admission: node?.admission ?? 'unknown',
    connection: connection.is,
    ...('since' in connection ? { since: instant(connection.since) } : {}),
    ...('lastHeardAt' in connection ? { last_heard_at: instant(connection.lastHeardAt) } : {}),
    scheduling: node?.scheduling.is ?? 'open',
    drained: node?.scheduling.is === 'draining',
    labels: { ...announced?.labels, ...node?.labels },
    drivers: [...(announced?.drivers ?? [])],
    executions,
    ...(announced === undefined
      ? {}
      : {
          agent_version: announced.agentVersion,
          resources: {
            cpus: announced.resources.cpus,
            memory_bytes: announced.resources.memoryBytes,
            ...(announced.resources.diskBytes === undefined ? {} : { disk_bytes: announced.resources.diskBytes }),
          },
        }),
  }
}
