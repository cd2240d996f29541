/** Facts of a fleet in which everybody is connected and well, with ids that count up: the next step shows the state alone. */
import { resolveRolloutPolicy, type ExecutionId, type RolloutId } from '@dunlin/contracts'
import type { AdvanceFacts } from '@dunlin/domain'
import { sha256 } from '@dunlin/runtime'

export const plainFacts = (): AdvanceFacts => {
  let ids = 0
  return {
    epoch: 1,
    nowMs: 0,
    mayGrant: true,
    sight: 'clear',
    isConnected: () => true,
    isUnhealthy: () => false,
    labelOf: () => undefined,
    policy: resolveRolloutPolicy({}),
    newRolloutId: () => `r${(ids += 1)}` as RolloutId,
    newExecutionId: () => `x${(ids += 1)}` as ExecutionId,
    seedOf: (version) => version,
    hashOfTargets: (ordered) => sha256(ordered.join('\n')),
    hashOfSpec: (spec) => sha256(JSON.stringify(spec)),
  }
}
