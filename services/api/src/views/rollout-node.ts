/** One node of a rollout: its place in the plan, what was granted to it, and the windows that were recorded last. */
import type { HealthWindow, NodeId, RolloutNodeView } from '@dunlin/contracts'
import { executionRow, type FleetReader, type PresentJob, type Rollout } from '@dunlin/domain'
import { instant } from './instant.ts'

/** `wave`: from 1; undefined for a node that joined after the plan. */
export const rolloutNodeView = (
  job: PresentJob,
  rollout: Rollout,
  node: NodeId,
  wave: number | undefined,
  fleet: FleetReader,
): RolloutNodeView => {
  const slot: RolloutNodeView['slot'] = rollout.slots.get(node) ?? 'waiting'
  const row = executionRow(job, node, fleet)
  const common = {
    node,
    slot,
    ...(wave === undefined ? {} : { wave }),
    connection: fleet.node(node)?.connection.is ?? 'never',
  }
  // What an earlier rollout granted is not this one's.
  if (row === undefined || row.grant.rollout !== rollout.id) return { ...common, windows: [] }
  const { grant, observation } = row
  const { verdict } = grant
  return {
    ...common,
    state: observation.state,
    execution: grant.execution,
    granted_at: instant(grant.at),
    ...(grant.wasUnhealthy === true ? { was_unhealthy: true } : {}),
    ...(grant.writtenOff === true ? { written_off: true } : {}),
    ...(verdict === undefined
      ? {}
      : { verdict: { is: verdict.is, reason: verdict.reason, at: instant(verdict.at), window: verdict.window } }),
    ...windowsView(verdict?.evidence ?? []),
    ...(slot === 'open' ? { deadline_at: instant(grant.at + rollout.policy.health.deadlineMs) } : {}),
  }
}

/** Windows, and the error rate over all of them. */
export const windowsView = (windows: readonly HealthWindow[]): Pick<RolloutNodeView, 'windows' | 'error_rate'> => {
  const rate = errorRate(windows)
  return { windows: windows.map(windowView), ...(rate === undefined ? {} : { error_rate: rate }) }
}

const windowView = (window: HealthWindow): RolloutNodeView['windows'][number] => {
  const rate = errorRate([window])
  return { ...window, ...(rate === undefined ? {} : { error_rate: rate }) }
}

/** Undefined when nothing came in. */
const errorRate = (windows: readonly HealthWindow[]): number | undefined => {
  let [messages, failed] = [0, 0]
  for (const window of windows) {
    messages += window.in
    failed += window.failed
  }
  return messages === 0 ? undefined : failed / messages
}
