/** What the agent is told at its start besides its ports. All times in ms. */
import type { Labels, NodeId } from '@dunlin/contracts/agent'
import { FRESH_FOR_MS } from '@dunlin/domain/agent'
import type { ExecPolicy } from './exec/policy.ts'
import type { Timings } from './timings.ts'

export interface AgentOptions {
  readonly node: NodeId
  readonly agentVersion: string
  readonly labels: Labels
  readonly resources: { readonly cpus: number; readonly memoryBytes: number; readonly diskBytes?: number }
  /** Task and state directories lie below it. */
  readonly dataDir: string
  /** What it can do beyond its drivers, such as "cgroup.memory"; absent: it does not say. */
  readonly capabilities?: readonly string[]
  /** Absent: nobody may run commands here. */
  readonly exec?: ExecPolicy | undefined
  readonly timings?: Partial<Timings>
}

export const defaultTimings: Timings = {
  heartbeatMs: 10_000,
  freshForMs: FRESH_FOR_MS,
  stopGraceMs: 10_000,
  pollMs: 1_000,
  askMs: 1_000,
  retryFirstMs: 500,
  retryMostMs: 30_000,
}
