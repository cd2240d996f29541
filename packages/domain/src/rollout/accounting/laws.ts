/**
 * The laws of rollouts, by the names of the design, checked at every commit against the second books. A broken one throws
 * an error that begins with its name.
 */
import type { JobSubjectEvent, NodesGranted, RolloutHalted } from '@dunlin/contracts'
import { drawPlan } from '../plan/plan.ts'
import { PROVEN_KEPT } from '../state.ts'
import { evidenceOf, reasonToHalt } from './evidence.ts'
import {
  atRiskOf,
  countSlots,
  isAtRisk,
  newLedger,
  presentRollout,
  standing,
  writeDown,
  type Ledger,
  type LedgerRollout,
} from './ledger.ts'
import { present, type World, type WorldCommit, type WorldOptions } from './world.ts'

export const law = (name: string, holds: boolean, detail: () => string): void => {
  if (!holds) throw new Error(`${name}: ${detail()}`)
}

/** Books that are kept, and laws that are checked, while a world goes on. */
export const lawBook = (): { readonly ledger: Ledger; readonly watch: NonNullable<WorldOptions['watch']> } => {
  const ledger = newLedger()
  return {
    ledger,
    watch: {
      before: (world, commit) => {
        planAgain(world, ledger, commit)
        for (const event of commit.ev) {
          if (event.type === 'NodesGranted') beforeGrants(world, ledger, event)
          if (event.type === 'RolloutHalted') beforeHalt(ledger, event, commit)
          if (event.type === 'WavePassed') beforePassing(ledger, event.wave)
          if (event.type === 'WaveStarted' && event.wave === 1) beforeLeavingCanaries(ledger)
          if (event.type === 'RolloutResumed')
            law('S8', commit.by === 'user:ann', () => 'a halted rollout was revived by nobody')
          writeDown(ledger, event, commit)
        }
      },
      after: (world) => recount(world, ledger),
    },
  }
}

/** Share or count of `nodes`, at least one, at most all: written down again, not called. */
const shareOf = ({ unit, value }: { unit: 'percent' | 'count'; value: number }, nodes: number): number => {
  const wanted = unit === 'percent' ? Math.ceil((nodes * value) / 100) : value === 0 ? nodes : value
  return Math.max(1, Math.min(nodes, wanted))
}

const budgetOf = ({ policy }: LedgerRollout, nodes: number): number =>
  policy.strategy === 'immediate' ? Math.max(1, nodes) : shareOf(policy.maxParallel, Math.max(1, nodes))

const beforeGrants = (world: World, ledger: Ledger, event: NodesGranted): void => {
  const rollout = presentRollout(ledger)
  law('P2', rollout?.id === event.rollout, () => 'a grant of a rollout that is not the last one opened')
  if (rollout === undefined) return
  law(
    'P1',
    ledger.rollouts.slice(0, -1).every(({ phase }) => isOver(phase)),
    () => 'two rollouts are under way',
  )
  law('S3', rollout.phase === 'running' || rollout.phase === 'completed', () => `a grant while ${rollout.phase}`)
  law('S3', rollout.holds.size === 0, () => `a grant while held by ${[...rollout.holds].join(', ')}`)
  law('S3', ledger.lifecycle === 'active', () => `a grant while the job is ${ledger.lifecycle}`)
  law('S3', !world.switches.logFull || rollout.type === 'rollback', () => 'a grant while the log is nearly full')
  law('P2', present(world).versions.content === event.content, () => 'a grant of a content that is not wanted any more')
  law('S4', rollout.wavesPassed >= Math.min(event.wave, rollout.waves.length), () => {
    return `a grant in wave ${event.wave} while ${rollout.wavesPassed} waves have passed`
  })
  const joins = event.wave >= rollout.waves.length
  const budget = Math.max(rollout.budget, joins ? budgetOf(rollout, ledger.placed.size) : 0)
  const atRisk = atRiskOf(ledger)
  const fresh = event.grants.filter(([node]) => !isAtRisk(ledger, node))
  law('S1', fresh.length === 0 || atRisk.size + fresh.length <= budget, () => {
    return `${atRisk.size} at risk, ${fresh.length} more granted, the budget is ${budget}`
  })
  for (const [node] of event.grants) {
    law('S1', world.connected.has(node), () => `${node} was granted while it could not be reached`)
    law('S7', ledger.placed.has(node), () => `${node} was granted where the job is not placed`)
    const slot = rollout.slots.get(node)
    const fits = slot === undefined || slot === 'deferred' || slot === 'removed'
    law('L7', fits, () => `${node} was granted again while it is ${slot}`)
    law(
      rollout.type === 'rollback' ? 'B2' : 'S4',
      joins || rollout.targets?.includes(node) === true,
      () => `${node} joined before the last wave passed`,
    )
  }
  law('ramp', countSlots(rollout, ...turned) + event.grants.length <= rampOf(rollout, budget), () => {
    return `${countSlots(rollout, ...turned)} + ${event.grants.length} granted, ${countSlots(rollout, ...settled)} settled`
  })
}

/** A wave has passed when everybody in it who is still placed has settled, or could not be reached. */
const beforePassing = (ledger: Ledger, wave: number): void => {
  const { targets = [], waves = [], slots } = presentRollout(ledger) ?? {}
  const from = waves.slice(0, wave).reduce((a, b) => a + b, 0)
  for (const node of targets.slice(from, from + (waves[wave] ?? 0))) {
    const slot = slots?.get(node)
    const waits = slot === undefined || slot === 'open' || slot === 'removed'
    law('S4', !waits || !ledger.placed.has(node), () => `wave ${wave} passes while ${node} is ${slot}`)
  }
}

const beforeLeavingCanaries = (ledger: Ledger): void => {
  const rollout = presentRollout(ledger)
  if (rollout?.policy.strategy !== 'canary') return
  const wentWell = countSlots(rollout, 'failed', 'lost') === 0 && countSlots(rollout, 'healthy') > 0
  law('S3', rollout.promoted || (rollout.policy.autoPromote && wentWell), () => 'nobody has let it pass its canaries')
}

const settled = ['healthy', 'failed', 'lost'] as const
const turned = ['open', ...settled] as const
const isOver = (phase: LedgerRollout['phase']): boolean => !['planning', 'running'].includes(phase)

const rampOf = (rollout: LedgerRollout, budget: number): number => {
  if (rollout.type === 'rollback' || rollout.policy.strategy === 'immediate') return Infinity
  const done = countSlots(rollout, ...settled)
  const tenth = 2 + Math.ceil(budget / 10)
  if (2 < budget && done < 2) return 2
  return tenth < budget && done < tenth ? tenth : Infinity
}

/** Everybody had a turn, nobody is healthy and nobody can come. */
const isHopeless = (rollout: LedgerRollout): boolean =>
  countSlots(rollout, 'open', 'healthy', 'deferred') === 0 && rollout.wavesPassed >= rollout.waves.length

const beforeHalt = (ledger: Ledger, event: RolloutHalted, { ev, by }: WorldCommit): void => {
  const rollout = presentRollout(ledger)
  law('P4', rollout?.id === event.rollout, () => 'a rollout that is over was halted')
  if (rollout === undefined) return
  const next = ev.find((other) => other.type === 'RolloutOpened')
  if (next !== undefined) {
    law(
      'B4',
      rollout.type !== 'rollback' && (rollout.type !== 'restart' || !ledger.proven.includes(rollout.content)),
      () => `a ${rollout.type} was rolled back by itself`,
    )
    law('B4', event.reason !== 'requested' && by !== 'user:ann', () => "a person's halt was rolled back by itself")
    law('B4', rollout.policy.autoRollback, () => 'it was rolled back although that is switched off')
    law('B4', (rollout.rolledBack += 1) === 1, () => 'it was rolled back twice')
    law('B4', next.rolloutType === 'rollback' && next.content !== rollout.content, () => 'it was not rolled back')
  }
  if (event.reason === 'requested') return
  const failed = reasonToHalt(ledger, rollout)
  // Neither proves anything about the version, and both may hold: each is looked at below.
  const isStuck = event.reason === 'budget_exhausted' || (event.reason === 'none_healthy' && isHopeless(rollout))
  const follows = failed === undefined ? isStuck : event.reason === failed
  law('recompute', follows, () => `halted by ${event.reason}, the books say ${failed}`)
  const { evidence } = event
  if (evidence === undefined) throw new Error('recompute: a halt without its numbers')
  const { settled: n, failed: f, e, maxE } = evidenceOf(rollout)
  const numbers = { settled: n, failed: f, ...(rollout.policy.analysis === undefined ? {} : { e, maxE }) }
  for (const [name, value] of Object.entries(numbers))
    law('recompute', evidence[name as 'e'] === value, () => `${name} is ${evidence[name as 'e']}, counted ${value}`)
  law('recompute', evidence.atRisk === atRiskOf(ledger).size, () => `at risk ${evidence.atRisk}`)
  if (event.reason !== 'budget_exhausted') return
  law('recompute', evidence.atRisk >= evidence.budget, () => 'the budget was not used up')
  law('recompute', countSlots(rollout, 'open') === 0, () => 'the budget was used up while grants were open')
}

/** M6: what was recorded is what a dry run would have shown at that moment. */
const planAgain = (world: World, ledger: Ledger, { ev }: WorldCommit): void => {
  const opened = ev.find((event) => event.type === 'RolloutOpened')
  const completed = ev.find((event) => event.type === 'PlanCompleted')
  if (opened === undefined || completed === undefined) return
  const { rolloutType: type, content, policy, seed } = opened
  const { rollouts, placement } = world.job
  const plan = drawPlan(rollouts, { type, content, policy, seed, placed: placement.nodes }, world.facts)
  const drawn = ev.flatMap((event: JobSubjectEvent) => (event.type === 'PlanDrawn' ? event.targets : []))
  law(
    'M6',
    plan.targets.join() === drawn.join(),
    () => `a dry run has ${plan.targets.join()}, recorded ${drawn.join()}`,
  )
  law('M6', plan.waves.join() === completed.waves.join() && plan.budget === completed.budget, () => 'other waves')
  for (const node of placement.nodes) {
    const grant = standing(ledger.trails.get(node))
    const runs = grant?.content === content && grant.is === 'healthy' && !ledger.lingering.has(node)
    const mustBe =
      type === 'restart' || (!runs && (type !== 'rollback' || grant !== undefined || ledger.lingering.has(node)))
    law(
      'B2',
      drawn.includes(node) === mustBe,
      () => `${node} ${mustBe ? 'must' : 'must not'} be a target of this ${type}`,
    )
  }
  const firstWell = drawn.findIndex((node) => !isAtRisk(ledger, node))
  law(
    'S1',
    policy.strategy === 'canary' || firstWell < 0 || drawn.slice(firstWell).every((node) => !isAtRisk(ledger, node)),
    () => {
      return 'who is at risk does not come first, and could fill the budget for ever'
    },
  )
  law('A1', new Set(drawn).size === drawn.length, () => 'a target stands twice in the plan')
  law('A3', sum(completed.waves) === drawn.length && completed.waves.every((size) => size > 0), () => {
    return `waves ${completed.waves.join()} of ${drawn.length} targets`
  })
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

/** The state that the engine keeps says the same as the books. */
const recount = ({ job }: World, ledger: Ledger): void => {
  const atRisk = atRiskOf(ledger)
  law('A4', same(job.rollouts.atRisk, atRisk), () => {
    return `at risk ${[...job.rollouts.atRisk].join()}, counted ${[...atRisk].join()}`
  })
  for (const node of job.rollouts.grants.keys())
    law('A1', ledger.placed.has(node), () => `${node} has a grant where the job is not placed`)
  const proven = job.rollouts.proven.map(({ content }) => content)
  law(
    'B1',
    proven.join() === ledger.proven.slice(-PROVEN_KEPT).join(),
    () => `proven ${proven.map((one) => one[0]).join()}`,
  )
  const rollout = presentRollout(ledger)
  const { current } = job.rollouts
  if (rollout === undefined || current === undefined) return
  law('A4', current.phase === rollout.phase, () => `the phase is ${current.phase}, counted ${rollout.phase}`)
  for (const slot of ['open', 'healthy', 'failed', 'lost', 'deferred', 'removed'] as const)
    law('A4', current.counts[slot] === countSlots(rollout, slot), () => {
      return `${current.counts[slot]} ${slot}, counted ${countSlots(rollout, slot)}`
    })
  for (const [node, slot] of rollout.slots)
    law('A1', current.slots.get(node) === slot, () => `${node} is ${current.slots.get(node)}, counted ${slot}`)
  law('A1', current.slots.size === rollout.slots.size, () => 'nodes without a slot in the books')
  const counted = evidenceOf(rollout)
  for (const name of ['settled', 'failed', 'e', 'maxE'] as const)
    law('evidence', current.evidence[name] === counted[name], () => {
      return `${name} is ${current.evidence[name]}, folded again ${counted[name]}`
    })
  for (const [node, grant] of job.rollouts.grants) {
    if (grant.verdict?.is !== 'healthy') continue
    const counted = standing(ledger.trails.get(node))
    law('A4', counted?.is === 'healthy' && counted.content === grant.content, () => {
      return `${node} is said to run ${grant.content[0]} healthily; it was last granted ${counted?.content[0]}, ${counted?.is}`
    })
  }
}

const same = (a: ReadonlySet<unknown>, b: ReadonlySet<unknown>): boolean =>
  a.size === b.size && [...a].every((one) => b.has(one))
