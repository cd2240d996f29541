/** A plan that was not carried out, as the API shows it: what would change, for whom, in which order, and what that can prove. */
import { canonicalJson, type JobKey, type PlannedView, type Warning } from '@dunlin/contracts'
import {
  fallbackFrom,
  isLive,
  powerOf,
  type FleetReader,
  type Job,
  type PlannedApply,
  type PlannedRollout,
} from '@dunlin/domain'
import { policyView, rampOf } from './rollout.ts'

export interface PlanFound {
  readonly key: JobKey
  /** As it is now. */
  readonly job: Job
  readonly spec: object
  readonly planned: PlannedApply
  readonly warnings: readonly Warning[]
  readonly fleet: FleetReader
  readonly seq: number
}

/** The beginning of the order is shown; its hash covers all of it. */
const FIRST_SHOWN = 20

export const plannedView = (found: PlanFound): PlannedView => {
  const { key, job, spec, planned, warnings, seq } = found
  const { action, version, contentChanges, placement, rollout } = planned
  return {
    namespace: key.namespace,
    name: key.name,
    action,
    version,
    changed: isLive(job) ? changedFields(job.versions.spec, spec) : [],
    content_changes: contentChanges,
    placement: {
      placed: placement.count,
      add: placement.add.length,
      remove: placement.remove.length,
      left_out: { ...placement.leftOut },
    },
    ...(rollout === undefined ? {} : { rollout: rolloutOf(rollout) }),
    message: sentenceOf(planned),
    warnings: [...warnings, ...cautions(found)],
    seq,
  }
}

const rolloutOf = ({ opened, completed, targets }: PlannedRollout): NonNullable<PlannedView['rollout']> => {
  const { policy, rolloutType: type } = opened
  const { waves, count, budget = 0, unhealthy = 0, already = 0 } = completed
  const validationMs = policy.health.intervalMs * policy.health.successThreshold
  return {
    type,
    strategy: policy.strategy,
    ...(opened.supersedes === undefined ? {} : { supersedes: opened.supersedes }),
    seed: opened.seed,
    targets: count,
    already,
    unhealthy,
    hash: completed.hash,
    first: targets.slice(0, FIRST_SHOWN),
    budget,
    waves: waves.map((nodes, index) => {
      const power = powerOf(nodes, validationMs)
      const canary = policy.strategy === 'canary' && index === 0
      return { wave: index + 1, canary, nodes, detectable_rate: power.detectableRate, power: power.sentence }
    }),
    ramp: [...rampOf({ type, policy, budget })],
    policy: policyView(policy),
  }
}

const sentenceOf = ({ action, version, contentChanges, placement, rollout }: PlannedApply): string => {
  const { add, remove, count } = placement
  const moves = [
    ...(add.length > 0 ? [`${add.length} added`] : []),
    ...(remove.length > 0 ? [`${remove.length} removed`] : []),
  ]
  const placed = `${nodes(count)}${moves.length > 0 ? ` (${moves.join(', ')})` : ''}`
  const verb = {
    create: 'creates the job as',
    update: 'updates the job to',
    unchanged: 'changes nothing: the job is at',
  }
  const head = `${verb[action]} version ${version}, placed on ${placed}`
  if (rollout === undefined) {
    if (action === 'unchanged') return head
    return `${head}; ${contentChanges ? 'no rollout is opened' : 'nodes see no difference, so no rollout is opened'}`
  }
  const { waves, count: targets } = rollout.completed
  const { strategy } = rollout.opened.policy
  const inWaves = waves.length === 1 ? 'in one wave' : `in ${waves.length} waves`
  return `${head}; ${strategy === 'immediate' ? 'an' : 'a'} ${strategy} rollout takes it to ${nodes(targets)} ${targets === 0 ? '' : inWaves}`.trimEnd()
}

const nodes = (count: number): string => (count === 1 ? '1 node' : `${count} nodes`)

/** What is allowed, but should be known before. */
const cautions = ({ job, planned, fleet }: PlanFound): PlannedView['warnings'] => {
  const { rollout, placement } = planned
  const found: { path: string; message: string }[] = []
  const say = (path: string, message: string): void => void found.push({ path, message })
  if (placement.count === 0) say('selector', 'no node can take this job now')
  if (rollout !== undefined) {
    const { opened, completed, targets } = rollout
    const { policy, rolloutType } = opened
    const { budget = 0 } = completed
    const away = targets.filter((node) => fleet.node(node)?.connection.is !== 'connected').length
    if (away > 0)
      say('', `${nodes(away)} of ${targets.length} cannot be reached now: they are deferred until they are back`)
    const [canaries = 0] = policy.strategy === 'canary' ? completed.waves : []
    if (policy.strategy === 'canary' && policy.canary.unit === 'count' && policy.canary.value > targets.length)
      say(
        'rollout.canary_count',
        `is ${policy.canary.value}, and there are ${nodes(targets.length)}: all of them are canaries`,
      )
    else if (canaries > budget)
      say('rollout.canary_count', `makes ${canaries} canaries, of which only ${budget} may be at risk at once`)
    const atRisk = planned.after.rollouts.atRisk.size
    if (atRisk >= budget && budget > 0)
      say(
        '',
        `${nodes(atRisk)} of this job ${atRisk === 1 ? 'is' : 'are'} at risk already: nodes that are not wait until one of those is healthy`,
      )
    if (opened.supersedes !== undefined) say('', `closes the rollout ${opened.supersedes}, which is not over`)
    const goesBack = policy.autoRollback && (rolloutType === 'create' || rolloutType === 'update')
    if (goesBack && fallbackFrom(job.rollouts, opened.content) === undefined)
      say('', 'nothing is proven yet that it could roll back to: if it halts, it stays halted')
  }
  return found.map((one) => ({ code: 'caution', ...one }))
}

/** Dotted paths; what is a list or of another kind on one side counts as one field. */
const changedFields = (before: unknown, after: unknown, path = ''): string[] => {
  if (!isFields(before) || !isFields(after)) return canonicalJson(before) === canonicalJson(after) ? [] : [path]
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys].toSorted().flatMap((key) => {
    const at = path === '' ? key : `${path}.${key}`
    if (!(key in before) || !(key in after)) return before[key] === after[key] ? [] : [at]
    return changedFields(before[key], after[key], at)
  })
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
