/**
 * Records verdicts. One counts only for the latest grant of its node, and only once; after a failure the node may still
 * recover, unless a person has written it off.
 */
import type { JobSubjectEvent, NodeId, Verdict } from '@dunlin/contracts'
import { isPresent, type Job } from '../job/state.ts'

/** Verdicts of one commit; each carries its evidence, so fewer than grants fit. */
const VERDICTS_PER_COMMIT = 400

export const recordVerdicts = (job: Job, verdicts: readonly Verdict[]): readonly (readonly JobSubjectEvent[])[] => {
  const rollout = job.rollouts.current
  if (!isPresent(job) || job.versions.lifecycle !== 'active' || rollout === undefined) return []
  const inBatch = new Map<NodeId, Verdict['verdict']>()
  const valid = verdicts.filter((verdict) => {
    const grant = job.rollouts.grants.get(verdict.node)
    if (grant === undefined || grant.execution !== verdict.execution) return false
    if (grant.rollout !== rollout.id || grant.writtenOff === true) return false
    const before = inBatch.get(verdict.node) ?? grant.verdict?.is
    if (before !== undefined && (before === 'healthy' || verdict.verdict === 'failed')) return false
    // Its rollout has halted: it is being stopped, whatever it shows meanwhile.
    if (grant.stopped === true) return false
    inBatch.set(verdict.node, verdict.verdict)
    return true
  })
  const commits: JobSubjectEvent[][] = []
  for (let from = 0; from < valid.length; from += VERDICTS_PER_COMMIT)
    commits.push([
      { type: 'VerdictsReached', rollout: rollout.id, verdicts: valid.slice(from, from + VERDICTS_PER_COMMIT) },
    ])
  return commits
}
