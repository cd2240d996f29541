/** What must hold when rollouts open, draw their plan, are held, halt, resume and end. */
import type { JobSubjectEvent } from '@dunlin/contracts'
import { isPerson, rolloutOf, type EventOf, type Sight } from './context.ts'
import { evidenceOf } from './evidence.ts'
import { shareOf } from './grants.ts'
import { atRiskOf, currentOf } from './ledger.ts'

export const checkOpened = ({ job, commit, fail }: Sight, event: EventOf<'RolloutOpened'>): void => {
  const former = currentOf(job)
  if (former !== undefined && (former.phase === 'planning' || former.phase === 'running'))
    fail('P1', `version ${event.version} opens while ${former.version} is ${former.phase}`)
  if (event.version <= job.highestOpened) fail('P1', `version ${event.version} opens after ${job.highestOpened}`)
  if (event.content !== job.content) fail('P1', 'a rollout opens for a content that the job does not have')
  if (isPerson(commit.by)) fail('P1', `a rollout is opened by ${commit.by}`)
  if (event.rolloutType === 'rollback' && event.policy.strategy === 'canary')
    fail('B5', 'a rollback waits for canaries')
}

export const checkPlan = ({ job, fail }: Sight, event: EventOf<'PlanCompleted'>): void => {
  const rollout = rolloutOf(job, event.rollout)
  if (rollout === undefined) return
  const { targets } = rollout
  if (event.waves.reduce((sum, size) => sum + size, 0) !== targets.length || targets.length !== event.count)
    fail('A3', `${targets.length} targets in waves of ${event.waves.join()}`)
  if (event.waves.some((size) => size < 1)) fail('A3', 'an empty wave')
  if (new Set(targets).size !== targets.length) fail('A3', 'a target twice')
  for (const node of targets) if (!job.placed.has(node)) fail('S7', `${node} is a target and not placed`)
  if (event.budget !== shareOf(rollout, job.placed.size)) fail('S1', `the plan says a budget of ${event.budget}`)
  if (rollout.type === 'rollback')
    for (const node of targets) if (!rollout.grantedBefore.has(node)) fail('B2', `${node} is a target of a rollback`)
  const atRisk = atRiskOf(job)
  if (rollout.policy.strategy === 'canary') return
  const firstFree = targets.findIndex((node) => !atRisk.has(node))
  if (firstFree >= 0 && targets.slice(firstFree).some((node) => atRisk.has(node)))
    fail('P3', 'a node at risk waits behind one that is not')
}

export const checkHalted = (sight: Sight, event: EventOf<'RolloutHalted'>): void => {
  const { job, fail, commit } = sight
  const rollout = rolloutOf(job, event.rollout)
  if (rollout === undefined || event.evidence === undefined) return fail('A5', 'a halt without numbers')
  const failed = rollout.outcomes.filter(Boolean).length
  const { settled, atRisk, budget } = event.evidence
  if (settled !== rollout.outcomes.length || event.evidence.failed !== failed)
    fail('A5', `${event.evidence.failed} of ${settled}, recounted ${failed} of ${rollout.outcomes.length}`)
  const risk = atRiskOf(job).size
  if (atRisk !== risk) fail('A5', `${atRisk} at risk, recounted ${risk}`)
  const { analysis } = rollout.policy
  const { e = 1, maxE = 1 } = event.evidence
  if (analysis !== undefined) {
    const recount = evidenceOf(rollout.outcomes, analysis.p0)
    const differs = (a: number, b: number): boolean => Math.abs(a - b) > 1e-6 * Math.max(1, Math.abs(b))
    if (differs(e, recount.e) || differs(maxE, recount.maxE)) fail('A5', `evidence ${maxE}, recounted ${recount.maxE}`)
  }
  if (event.reason === 'requested' && !isPerson(commit.by)) fail('A5', `${commit.by} requested a halt`)
  if (event.reason === 'analysis' && maxE < (analysis?.haltAt ?? Infinity)) fail('A5', `halted at ${maxE}`)
  if (event.reason === 'max_failed_nodes' && failed <= (rollout.policy.maxFailedNodes ?? Infinity))
    fail('A5', `halted with ${failed} failed`)
  if (event.reason === 'max_failed_nodes_percent' && 100 * failed <= rollout.policy.maxFailedNodesPercent * settled)
    fail('A5', `halted with ${failed} of ${settled}`)
  if (event.reason === 'budget_exhausted' && (risk < budget || [...rollout.slots.values()].includes('open')))
    fail('A5', `the budget of ${budget} is not used up by ${risk}`)
  if (rollout.policy.strategy === 'immediate' && event.reason !== 'requested' && event.reason !== 'none_healthy')
    fail('A5', 'immediate halts by itself')
  const slots = new Set(rollout.slots.values())
  if (event.reason === 'none_healthy' && (slots.has('open') || slots.has('healthy') || slots.has('deferred')))
    fail('A5', `it is not over for its nodes, which are ${[...slots].join()}`)
  checkRollback(sight, event)
}

/** A halt by judgement goes on with a rollback exactly when the policy wants one and a proven content is there. */
const checkRollback = ({ job, commit, fail }: Sight, event: EventOf<'RolloutHalted'>): void => {
  const rollout = rolloutOf(job, event.rollout)
  const update = commit.ev.find((one) => one.type === 'JobUpdated')
  if (rollout === undefined) return
  const fallback = job.proven.findLast((content) => content !== rollout.content)
  // A restart of what was proven has nothing better to go back to.
  const isNews = rollout.type !== 'rollback' && (rollout.type !== 'restart' || !job.proven.includes(rollout.content))
  const may = rollout.policy.autoRollback && isNews
  const must = may && fallback !== undefined && event.reason !== 'requested'
  if (must && update === undefined) fail('B4', 'no rollback although there is a proven content')
  if (!must && update !== undefined) fail('B4', `a rollback of a ${rollout.type} halted by ${event.reason}`)
  if (update !== undefined && update.content !== fallback)
    fail('B4', 'a rollback to a content that is not the proven one')
}

export const checkUpdated = (
  { commit, fail }: Sight,
  event: Extract<JobSubjectEvent, { type: 'JobUpdated' }>,
): void => {
  if (isPerson(commit.by)) return
  if (event.rolledBackFrom === undefined) fail('B4', `${commit.by} updates a job`)
  const kinds = new Set(commit.ev.map(({ type }) => type))
  if (!kinds.has('RolloutHalted') || !kinds.has('RolloutOpened'))
    fail('B4', 'a rollback is not one commit with its halt')
}

export const checkResumed = ({ job, commit, fail }: Sight, event: EventOf<'RolloutResumed'>): void => {
  if (!isPerson(commit.by)) fail('S8', `${commit.by} resumes a halted rollout`)
  const rollout = rolloutOf(job, event.rollout)
  if (rollout?.phase !== 'halted' && rollout?.holds.has('budget') !== true)
    fail('S8', 'a rollout resumes that has neither halted nor waits for places')
  if (currentOf(job)?.id !== event.rollout) fail('S8', 'a rollout resumes after another was opened')
}

/** A person's hold is lifted by a person, the engine's own by the engine. */
export const checkLifted = ({ commit, fail }: Sight, event: EventOf<'HoldLifted'>): void => {
  const isOfTheEngine = event.hold === 'visibility' || event.hold === 'budget'
  if (isPerson(commit.by) === isOfTheEngine) fail('S3', `${commit.by} lifts the hold ${event.hold}`)
}

export const checkClosed = ({ job, fail }: Sight, event: EventOf<'RolloutClosed'>): void => {
  const rollout = rolloutOf(job, event.rollout)
  if (rollout === undefined) return
  if (rollout.phase !== 'running' && rollout.phase !== 'planning' && rollout.phase !== 'halted')
    fail('P2', `a rollout ends that is ${rollout.phase}`)
  const slots = new Set(rollout.slots.values())
  if (event.outcome === 'completed') {
    if (slots.has('open')) fail('S9', 'completed with open grants')
    const remain = rollout.targets.some((node) => job.placed.has(node))
    if (remain && !slots.has('healthy')) fail('S9', 'completed without a healthy node')
    if (rollout.holds.size > 0) fail('S3', `completed under the hold ${[...rollout.holds.keys()].join()}`)
  }
  if (event.outcome === 'expired' && rollout.holds.size > 0) fail('S3', 'expired under a hold')
}

export const checkWaveStarted = ({ job, fail }: Sight, event: EventOf<'WaveStarted'>): void => {
  const rollout = rolloutOf(job, event.rollout)
  if (rollout === undefined) return
  if (rollout.phase !== 'running') fail('S3', `a wave starts while ${rollout.phase}`)
  if (rollout.holds.size > 0) fail('S3', `a wave starts under the hold ${[...rollout.holds.keys()].join()}`)
  if (event.wave > rollout.passed) fail('S4', `wave ${event.wave} starts, ${rollout.passed} have passed`)
}

export const checkWavePassed = ({ job, fail }: Sight, event: EventOf<'WavePassed'>): void => {
  const rollout = rolloutOf(job, event.rollout)
  if (rollout === undefined) return
  let from = 0
  for (let i = 0; i < event.wave; i += 1) from += rollout.waves[i] ?? 0
  for (const node of rollout.targets.slice(from, from + (rollout.waves[event.wave] ?? 0))) {
    const slot = rollout.slots.get(node)
    if (job.placed.has(node) && (slot === undefined || slot === 'open'))
      fail('S4', `wave ${event.wave} passes while ${node} is ${slot ?? 'not granted'}`)
  }
}

/** What is taken back was never started, by a node that is away: otherwise two things would run, or nobody would. */
export const checkRevoked = (sight: Sight, event: EventOf<'GrantsRevoked'>): void => {
  const { job, key, ledger, isLate, nowMono, readsNothing, revokedAt, fail } = sight
  for (const id of event.nodes) revokedAt.set(`${key} ${id}`, nowMono)
  if (isLate) return
  for (const id of event.nodes) {
    const node = ledger.nodes.get(id)
    const grant = job.latest.get(id)
    if (grant === undefined || grant.outcome !== undefined || job.revoked.has(id))
      fail('S5', `${id} has no open grant to revoke`)
    else if (node?.said.has(grant.execution) === true) fail('S5', `the grant of ${id} is revoked after it started`)
    if (node?.connected === true && !readsNothing(id)) fail('S5', `the grant of ${id} is revoked while it is connected`)
  }
}

/** No document is fresh for longer: only then a node that is away cannot start what was taken back. */
const FRESH_FOR_MS = 15 * 60_000

export const checkFreed = ({ key, nowMono, revokedAt, fail }: Sight, event: EventOf<'PlacesFreed'>): void => {
  for (const id of event.nodes) {
    const sinceMs = nowMono - (revokedAt.get(`${key} ${id}`) ?? -Infinity)
    if (sinceMs < FRESH_FOR_MS) fail('S1', `the place of ${id} comes free ${sinceMs} ms after its grant was revoked`)
  }
}
