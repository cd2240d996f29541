/** One measured rollout: version 1 runs healthily on every node, then version 2 comes under the policy in question. */
import type { JobKey } from '@dunlin/contracts'
import type { Centre } from '../fleet/centre.ts'

const LONGEST_MS = 4 * 3_600_000

/** A rollout block as in a spec; empty = the default policy. */
export type RolloutBlock = Readonly<Record<string, unknown>>

/** Version 1 goes to every node at once and is waited for. */
export const settle = async (centre: Centre, key: JobKey, program: string): Promise<void> => {
  await applyAndWait(centre, key, program, { strategy: 'immediate' }, () => phaseOf(centre, key) === 'completed')
}

/** Applies `program` and waits until its rollout, and the rollback after it, has ended. */
export const rollOut = async (centre: Centre, key: JobKey, program: string, rollout: RolloutBlock): Promise<void> => {
  const before = centre.job(key)?.rollouts.current?.id
  await applyAndWait(centre, key, program, rollout, () => {
    const current = centre.job(key)?.rollouts.current
    if (current === undefined || current.id === before) return false
    return current.phase !== 'planning' && current.phase !== 'running'
  })
}

const applyAndWait = async (
  centre: Centre,
  key: JobKey,
  program: string,
  rollout: RolloutBlock,
  ended: () => boolean,
): Promise<void> => {
  const applied = centre.apply(key, program, rollout)
  if (!(await centre.runUntil(ended, LONGEST_MS)))
    throw new Error(`${key.name} did not end its rollout of ${program} in ${LONGEST_MS / 3_600_000} simulated hours`)
  await applied
}

const phaseOf = (centre: Centre, key: JobKey) => centre.job(key)?.rollouts.current?.phase
