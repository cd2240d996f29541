/** What a rollout waits for, and until when at the latest: read from the folded state, as the engine reads it. */
import type { PresentJob } from '../../job/state.ts'
import { nextTimeout } from '../../job/timeouts.ts'
import { nobodyIsLeft, recoversUntil } from '../../rollout/hopeless.ts'
import { wantsAnother } from '../../rollout/open.ts'
import { rampLimit } from '../../rollout/plan/waves.ts'
import { grantedOf, holdsOf, settledOf, type Rollout } from '../../rollout/state.ts'
import { possibleVerbs } from '../../rollout/commands.ts'
import { nodeCount } from '../../words.ts'

export interface Wait {
  /** Stable word: placement, plan, next_version, hold_user, hold_canary, hold_visibility, verdicts, ramp, budget, ... */
  readonly what: string
  readonly message: string
  /** Milliseconds since the epoch; absent = it does not end by itself. */
  readonly until?: number
  readonly nodes?: number
}

export const waitsOf = (job: PresentJob): readonly Wait[] => {
  if (job.versions.lifecycle !== 'active') return []
  return [...forRollout(job), ...forTimeout(job)]
}

/** It ends by itself at the latest then, whatever else it waits for. */
const forTimeout = (job: PresentJob): readonly Wait[] => {
  const next = nextTimeout(job)
  if (next === undefined) return []
  const message =
    next.timeout === 'queue' ? 'a node to take it, before its queue timeout' : 'its end, before its total timeout'
  return [{ what: `${next.timeout}_timeout`, message, until: next.at }]
}

const forRollout = (job: PresentJob): readonly Wait[] => {
  const { version } = job.versions
  const rollout = job.rollouts.current
  if (wantsAnother(job))
    return [
      job.placement.last?.version === version
        ? { what: 'rollout', message: `the rollout of version ${version} to be opened` }
        : { what: 'placement', message: `the placement of version ${version}` },
    ]
  if (rollout === undefined) return []
  switch (rollout.phase) {
    case 'planning':
      return [{ what: 'plan', message: 'the end of its plan' }, ...heldBy(rollout)]
    case 'running':
      return [...heldBy(rollout), ...whileRunning(job, rollout)]
    case 'halted':
      return [{ what: 'person', message: `a person: possible are ${possibleVerbs(job).join(', ')}` }]
    case 'completed':
    case 'superseded':
    case 'canceled':
    case 'expired':
      return rollout.counts.open > 0 ? [verdicts(job, rollout)] : []
    default:
      return rollout.phase satisfies never
  }
}

const heldBy = (rollout: Rollout): readonly Wait[] =>
  holdsOf(rollout).map((hold) => {
    const message = rollout.holds[hold]?.message ?? ''
    const ends = {
      user: 'a person to resume',
      canary: 'a person to promote',
      budget: 'one of the nodes to come back or be removed, or a person to resume without them',
      visibility: 'to see the nodes again',
    }
    return { what: `hold_${hold}`, message: `${ends[hold]} (${message})` }
  })

const whileRunning = (job: PresentJob, rollout: Rollout): readonly Wait[] => {
  const { counts, budget, policy, targets, slots } = rollout
  const waits: Wait[] = counts.open > 0 ? [verdicts(job, rollout)] : []
  if (policy.strategy === 'immediate' && nobodyIsLeft(rollout))
    waits.push({
      what: 'recovery',
      message: `one of ${nodeCount(counts.failed + counts.lost)} that failed to recover`,
      // Time on hold does not count, so while it is held there is no end yet.
      ...(rollout.heldSince === undefined ? { until: recoversUntil(job, rollout) } : {}),
    })
  const untouched = targets.length - slots.size
  const limit = rampLimit(rollout, budget, settledOf(counts))
  if (untouched > 0 && limit <= grantedOf(counts))
    waits.push({ what: 'ramp', message: `${nodeCount(limit)} to settle before more are granted`, nodes: limit })
  else if (untouched > 0 && job.rollouts.atRisk.size >= budget)
    waits.push({ what: 'budget', message: `a place among the ${nodeCount(budget)} that may be at risk at once` })
  if (counts.open === 0 && counts.deferred > 0)
    waits.push({
      what: 'offline_nodes',
      message: `${nodeCount(counts.deferred)} to come back`,
      nodes: counts.deferred,
      // Time on hold does not count, so while it is held there is no end yet.
      ...(rollout.heldSince === undefined ? { until: rollout.openedAt + rollout.heldMs + policy.expiryMs } : {}),
    })
  return waits
}

/** The end is the latest deadline of an open grant; it moves on while the rollout is held or the node is not heard. */
const verdicts = (job: PresentJob, rollout: Rollout): Wait => {
  const { open } = rollout.counts
  const { deadlineMs, intervalMs, successThreshold } = rollout.policy.health
  let latest = 0
  for (const [node, slot] of rollout.slots)
    if (slot === 'open') latest = Math.max(latest, job.rollouts.grants.get(node)?.at ?? 0)
  return {
    what: 'verdicts',
    message: `${nodeCount(open)} to be judged: healthy takes ${successThreshold} good windows of ${intervalMs / 1000} s in a row`,
    nodes: open,
    ...(rollout.heldSince === undefined ? { until: latest + deadlineMs } : {}),
  }
}
