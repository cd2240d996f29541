/** The desired document of one node, derived from the grants of every job that has one there. */
import type { DesiredDocument, DesiredExecution, Generation, JobKey, NodeId, RolloutPolicy } from '@dunlin/contracts'
import { DESIRED_SCHEMA } from '@dunlin/contracts'
import type { PresentJob } from '../job/state.ts'
import type { Grant } from '../rollout/state.ts'

/** The entry that one job puts into a node's document; `undefined` when nothing shall run there. */
export const desiredExecution = (
  key: JobKey,
  job: PresentJob,
  node: NodeId,
  epoch: number,
): DesiredExecution | undefined => {
  if (job.versions.lifecycle !== 'active') return undefined
  const grant = job.rollouts.grants.get(node)
  if (grant === undefined) return undefined
  return {
    execution: grant.execution,
    job: key,
    jobId: job.versions.id,
    version: grant.version,
    rollout: grant.rollout,
    // After a raise, grants that still stand count under the new epoch at their own sequence.
    generation: [Math.max(epoch, grant.epoch), grant.seq],
    content: grant.content,
    health: healthOf(job.rollouts.current?.policy),
    desired: shallRun(grant) ? 'running' : 'stopped',
  }
}

/** In a halted rollout healthy nodes keep running and failed executions stop; written off, they stay stopped. */
const shallRun = ({ writtenOff, stopped }: Grant): boolean => writtenOff !== true && stopped !== true

const healthOf = (policy: RolloutPolicy | undefined): DesiredExecution['health'] => {
  const health = policy?.health
  return {
    intervalMs: health?.intervalMs ?? 10_000,
    maxErrorRate: health?.maxErrorRate ?? 0.1,
    successThreshold: health?.successThreshold ?? 2,
    failureThreshold: health?.failureThreshold ?? 3,
    deadlineMs: health?.deadlineMs ?? 300_000,
  }
}

/** `generation` = the last commit that changed this document, under the epoch in force. */
export const buildDocument = (
  node: NodeId,
  generation: Generation,
  executions: readonly DesiredExecution[],
): DesiredDocument => ({
  s: DESIRED_SCHEMA,
  node,
  generation: [...generation],
  executions: [...executions].sort((a, b) => (a.execution < b.execution ? -1 : 1)),
})
