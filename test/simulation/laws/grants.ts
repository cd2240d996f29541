/** What must hold of every grant: the laws that keep a broken release away from the fleet. */
import { rolloutOf, type EventOf, type Sight } from './context.ts'
import { whyFail } from './evidence.ts'
import { atRiskOf, type JobEntry, type RolloutEntry } from './ledger.ts'

const GRANTS: ReadonlySet<string> = new Set(['running', 'completed'])

export const checkGrants = (sight: Sight, event: EventOf<'NodesGranted'>): void => {
  const { job, fail } = sight
  const rollout = rolloutOf(job, event.rollout)
  if (rollout === undefined) return fail('S3', `grants of ${event.rollout}, which was never opened`)
  if (job.rollouts.at(-1) !== rollout) fail('P2', `a grant of version ${rollout.version} after a later one was opened`)
  if (!GRANTS.has(rollout.phase)) fail(rollout.phase === 'halted' ? 'S8' : 'S3', `a grant while ${rollout.phase}`)
  if (rollout.holds.size > 0) fail('S3', `a grant under the hold ${[...rollout.holds.keys()].join()}`)
  const why = whyFail(rollout)
  if (why !== undefined) fail('S3', `a grant after a FAIL: ${why}`)
  if (job.lifecycle !== 'active') fail('S3', `a grant of a ${job.lifecycle} job`)
  if (event.content !== rollout.content) fail('S3', 'a grant of a content that the rollout is not about')
  if (event.content !== job.content) fail('P2', 'a grant of a content that the job does not want any more')
  if (new Set(event.grants.map(([node]) => node)).size < event.grants.length) fail('A1', 'a node twice in a commit')
  checkWave(sight, rollout, event)
  checkRamp(sight, rollout, event)
  checkBudget(sight, rollout, event)
  for (const [node] of event.grants) checkNode(sight, rollout, event, node)
}

const checkWave = ({ fail }: Sight, rollout: RolloutEntry, { wave, grants }: EventOf<'NodesGranted'>): void => {
  if (wave > 0 && rollout.passed < wave) fail('S4', `wave ${wave} is granted, ${rollout.passed} have passed`)
  const turns = rollout.waves.slice(0, wave + 1).reduce((sum, size) => sum + size, 0)
  const reached = new Set(rollout.targets.slice(0, turns))
  // Joiners are granted under a wave of their own, after the last.
  if (wave >= rollout.waves.length) return
  for (const [node] of grants)
    if (rollout.targets.includes(node) && !reached.has(node)) fail('S4', `${node} is granted before its wave`)
}

const GRANTED: ReadonlySet<string> = new Set(['open', 'healthy', 'failed', 'lost'])

/** Two, then a tenth of a wave more, then no limit; a wave that is not larger than a step has no such step. */
const checkRamp = ({ job, fail }: Sight, rollout: RolloutEntry, { wave, grants }: EventOf<'NodesGranted'>): void => {
  if (rollout.policy.strategy === 'immediate' || rollout.type === 'rollback') return
  const slots = [...rollout.slots.values()]
  const settled = slots.filter((slot) => slot !== 'open' && GRANTED.has(slot)).length
  const granted = slots.filter((slot) => GRANTED.has(slot)).length
  const fresh = grants.filter(([node]) => !GRANTED.has(rollout.slots.get(node) ?? 'none')).length
  // The plan fixes it; only who joins afterwards is counted against the fleet as it is then.
  const budget = wave < rollout.waves.length ? rollout.budget : budgetOf(rollout, job)
  const second = 2 + Math.ceil(budget / 10)
  const limit = settled < 2 && budget > 2 ? 2 : settled < second && budget > second ? second : Infinity
  if (granted + fresh > limit) fail('S6', `${granted + fresh} grants with ${settled} settled, ${limit} allowed`)
}

/** Counted by hand over all rollouts: who was granted and has not settled healthy. */
const checkBudget = ({ job, fail }: Sight, rollout: RolloutEntry, { grants }: EventOf<'NodesGranted'>): void => {
  const before = atRiskOf(job)
  const fresh = grants.filter(([node]) => !before.has(node)).length
  const budget = budgetOf(rollout, job)
  if (fresh > 0 && before.size + fresh > budget) fail('S1', `${before.size + fresh} at risk with a budget of ${budget}`)
}

/** Fixed by the plan; a fleet that has grown since has more places for those who joined. */
const budgetOf = (rollout: RolloutEntry, job: JobEntry): number =>
  rollout.wave + 1 >= rollout.waves.length
    ? Math.max(rollout.budget, shareOf(rollout, job.placed.size))
    : rollout.budget

/** The wave size that the policy gives for so many nodes: a share rounds up, a count of 0 means all. */
export const shareOf = ({ policy }: RolloutEntry, nodes: number): number => {
  if (policy.strategy === 'immediate') return Math.max(1, nodes)
  const { unit, value } = policy.maxParallel
  const wanted = unit === 'percent' ? Math.ceil((nodes * value) / 100) : value === 0 ? nodes : value
  return Math.min(Math.max(1, nodes), Math.max(1, wanted))
}

const checkNode = (sight: Sight, rollout: RolloutEntry, event: EventOf<'NodesGranted'>, node: string): void => {
  const { job, fail, ledger, seq } = sight
  if (!job.placed.has(node)) fail('S7', `${node} is granted and not placed`)
  if (ledger.nodes.get(node)?.connected !== true && !sight.isLate) fail('S12', `${node} is granted and not connected`)
  const [epoch, last] = job.generations.get(node) ?? [-1, -1]
  if (event.epoch < epoch || (event.epoch === epoch && seq <= last))
    fail('S5', `${node} is granted [${event.epoch}, ${seq}] after [${epoch}, ${last}]`)
  if (rollout.type === 'rollback' && rollout.phase === 'running' && rollout.targets.includes(node))
    if (!rollout.grantedBefore.has(node)) fail('B2', `${node} is rolled back and was never granted`)
  if (GRANTED.has(rollout.slots.get(node) ?? 'none')) fail('A1', `${node} is granted twice in a rollout`)
}
