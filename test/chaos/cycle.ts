/** One cycle: people do something, now and then an update begins, and processes are killed in the order that was dealt. */
import { setTimeout as delay } from 'node:timers/promises'
import type { createCoverage } from './faults/coverage.ts'
import { createPlans, isKind } from './faults/orders.ts'
import { strike } from './faults/strike.ts'
import type { Target } from './faults/targets.ts'
import type { Struck } from './ledger/laws.ts'
import { labelsOf, type UpdateTarget } from './load/jobs.ts'
import type { Load } from './load/load.ts'
import type { Dice } from './random.ts'
import type { Agent } from './world/agents.ts'
import { isLeader } from './world/marked.ts'
import type { World } from './world/world.ts'

/** Longest pause between two strikes, and between the first act of a cycle and its strike. */
const MOMENT_MS = 120
/** An update begins in each cycle whose number this divides, and is the aim of it and of the one after it. */
const UPDATE_EVERY = 10
/** How long it is left alone until it is under way; an update that nobody lets begin shows nothing. */
const UNDER_WAY_WITHIN_MS = 2_500
/** How long an order waits for what it shall strike. */
const THERE_WITHIN_MS = 1_000

/** When an update is struck, in turn: what is updated, and the sign that the moment has come. */
const moments: readonly ((of: Agent) => readonly [UpdateTarget, () => boolean])[] = [
  (of) => ['agent', of.isOnTrial],
  (of) => ['payload', () => of.isUpdating('payload')],
  (of) => ['agent', of.isOnTrial],
  (of) => ['agent', () => of.isUpdating('agent')],
  (of) => ['payload', () => of.isUpdating('payload')],
]

export interface CycleOptions {
  readonly world: World
  readonly load: Load
  readonly dice: Dice
  readonly coverage: ReturnType<typeof createCoverage>
  readonly tell: (line: string) => void
  /** Gets what is struck. */
  readonly struck: Struck[]
  readonly kills: Record<Target, number>
}

export const createCycles = ({ world, load, dice, coverage, tell, struck, kills }: CycleOptions) => {
  const planOf = createPlans(dice)
  const updated = world.agents.filter((_, i) => labelsOf(i + 1).includes('on-odd=yes'))
  let aim: Agent | undefined
  let begun = 0

  /** A node where all of it can be struck, the one that is aimed at before any other. */
  const readyNode = (order: readonly Target[]): Agent | undefined => {
    const tasks = world.tasks()
    const isThere = (agent: Agent): boolean =>
      order.every((target) => {
        if (target === 'agent') return agent.agentPid() !== undefined
        if (target === 'launcher') return agent.launcher.pid !== undefined
        // Two of them: with a task its shim may end, and the other way round.
        if (target === 'shim' || target === 'task')
          return tasks.filter((one) => one.node === agent.name && isLeader(one)).length > 1
        return target !== 'server' || world.nats.running
      })
    return [...(aim ? [aim] : []), ...dice.some(world.agents, world.agents.length)].find(isThere)
  }
  const waitForNode = async (order: readonly Target[]): Promise<Agent | undefined> => {
    const since = performance.now()
    for (;;) {
      const node = readyNode(order)
      if (node !== undefined || performance.now() - since > THERE_WITHIN_MS) return node
      await delay(20)
    }
  }

  /** A node on which a version of the agent or the payload is staged, tried or gone back from. */
  const beginUpdate = async (): Promise<Agent> => {
    const aimed = dice.pick(updated)
    const [target, sign] = moments[begun++ % moments.length]?.(aimed) ?? ['agent', aimed.isOnTrial]
    tell(load.update(target))
    const since = performance.now()
    while (!sign() && performance.now() - since < UNDER_WAY_WITHIN_MS) await delay(15)
    tell(`the ${target} of ${aimed.name} is ${sign() ? 'being updated' : 'not yet being updated'}`)
    return aimed
  }

  return async (cycle: number): Promise<void> => {
    for (let acts = dice.below(3); acts > 0; acts -= 1) tell(load.act(dice))
    if (cycle % UPDATE_EVERY === 0) aim = await beginUpdate()
    else if (cycle % UPDATE_EVERY > 1) aim = undefined
    await delay(dice.below(MOMENT_MS))
    const plan = planOf(cycle)
    const at = plan.isOrder ? await waitForNode(plan.targets) : aim
    const hits: Target[] = []
    for (const target of plan.targets) {
      kills[target] += 1
      const isTrial = world.agents.some((agent) => agent.isOnTrial())
      const deed = strike(world, target, dice, at)
      if (deed.hit && isTrial) coverage.duringTrial()
      struck.push(...deed.struck)
      if (deed.hit) hits.push(target)
      tell(`kill ${target}: ${deed.told.join('; ') || 'nobody there'}`)
      if (dice.below(2) === 0) await delay(dice.below(MOMENT_MS / 3))
    }
    if (plan.isOrder && hits.length < plan.targets.length) plan.missed()
    coverage.add(hits.filter(isKind))
    await delay(dice.below(MOMENT_MS))
  }
}
