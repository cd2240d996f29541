/** Builds one heartbeat. */
import { HEARTBEAT_SCHEMA, type BootId, type Generation, type Heartbeat, type NodeId } from '@dunlin/contracts/agent'
import { shownEnds } from '@dunlin/domain/agent'
import type { Execution } from '../converge/execution.ts'

export interface BeatFacts {
  readonly node: NodeId
  readonly boot: BootId
  readonly n: number
  readonly at: number
  readonly monotonicMs: number
  readonly gen: Generation
  readonly rep: number
  readonly executions: Iterable<Execution>
  readonly problems: readonly string[]
  readonly bye: boolean
}

export const buildHeartbeat = ({
  node,
  boot,
  n,
  at,
  monotonicMs,
  gen,
  rep,
  executions,
  problems,
  bye,
}: BeatFacts): Heartbeat => {
  const ex: Heartbeat['ex'] = []
  for (const { entry, latest, local, cutting } of executions) {
    const ends = shownEnds(cutting, monotonicMs)
    ex.push({
      x: entry.execution,
      g: [...entry.generation],
      st: latest.state,
      in: local.in,
      er: local.failed,
      rs: Math.max(0, local.attempt - 1),
      ...(ends.length > 0 ? { w: ends.map((end) => [...end] as typeof end) } : {}),
    })
  }
  return {
    s: HEARTBEAT_SCHEMA,
    node,
    boot,
    n,
    at: Math.round(at),
    gen: [...gen],
    rep,
    ex,
    ...(problems.length > 0 ? { pr: [...problems] } : {}),
    ...(bye ? { bye } : {}),
  }
}
