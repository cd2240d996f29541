/** What a drain of a node will still stop, and in which order: by the function that decides it in the scheduler. */
import { drainOf, type DrainPlan } from '@dunlin/domain'
import type { NodeId } from '@dunlin/contracts'
import type { ApiState } from './api-state.ts'

/** Undefined for a node that is not being drained. */
export const drainOn = (state: ApiState, id: string, nowMs: number): DrainPlan | undefined => {
  const scheduling = state.node(id)?.scheduling
  if (scheduling?.is !== 'draining') return undefined
  return drainOf({
    node: id as NodeId,
    scheduling,
    reports: state.reports(id),
    granted: state.index.jobsOn(id),
    jobOf: (key) => state.fold.get('job', key)?.state,
    nowMs,
  })
}
