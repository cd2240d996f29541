/** One cycle's kill: which processes, drawn by the dice, and the deed. Everything dies by SIGKILL and by its own pid. */
import type { Struck } from '../ledger/laws.ts'
import type { Dice } from '../random.ts'
import { isLeader, type Marked } from '../world/marked.ts'
import type { Member } from '../world/member.ts'
import { endProcess, type World } from '../world/world.ts'

export const targets = ['server', 'api', 'scheduler', 'engine', 'agent', 'shim', 'task', 'agent+shim', 'node'] as const
export type Target = (typeof targets)[number]

const weights: Readonly<Record<Target, number>> = {
  server: 12,
  api: 10,
  scheduler: 10,
  engine: 10,
  agent: 18,
  shim: 10,
  task: 14,
  'agent+shim': 8,
  node: 8,
}

/** One, or several at once. */
export const drawTargets = (dice: Dice): readonly Target[] => {
  const count = dice.weighted([
    [6, 1],
    [3, 2],
    [1, 3],
  ])
  return Array.from({ length: count }, () => dice.weighted(targets.map((target) => [weights[target], target] as const)))
}

/** Longest that what was killed stays away. */
const AWAY_MS = 250

export interface Deed {
  /** For the story. */
  readonly told: readonly string[]
  readonly struck: readonly Struck[]
}

export const strike = (world: World, target: Target, dice: Dice): Deed => {
  const told: string[] = []
  const struck: Struck[] = []
  const member = (one: Member): void => {
    const backInMs = dice.below(AWAY_MS)
    told.push(`${one.name}${one.pid === undefined ? ' (was away)' : ''}, back in ${backInMs} ms`)
    one.kill9(backInMs)
  }
  const process = (one: Marked): void => {
    const was = isLeader(one) ? 'shim' : 'task'
    struck.push({ execution: one.execution, attempt: one.attempt, was })
    const done = endProcess(one.pid)
    told.push(
      `${was} ${one.pid} of ${one.node} ${one.job} ${one.execution}/${one.attempt ?? '?'}${done ? '' : ' (gone)'}`,
    )
  }
  const tasks = (want: (one: Marked) => boolean, most: number): void => {
    // Sorted by what does not depend on the machine, as far as there is such a thing.
    const found = world
      .tasks()
      .filter(want)
      .toSorted((a, b) => `${a.node} ${a.job}`.localeCompare(`${b.node} ${b.job}`) || a.pid - b.pid)
    for (const one of dice.some(found, 1 + dice.below(most))) process(one)
  }
  switch (target) {
    case 'server': {
      const backInMs = dice.below(AWAY_MS)
      const wasRunning = world.killServer(backInMs)
      told.push(`nats-server${wasRunning ? '' : ' (was away)'}, back in ${backInMs} ms`)
      break
    }
    case 'api':
      member(dice.pick(world.apis))
      break
    case 'scheduler':
      member(dice.pick(world.schedulers))
      break
    case 'engine':
      member(dice.pick(world.engines))
      break
    case 'agent':
      member(dice.pick(world.agents))
      break
    case 'shim':
      tasks(isLeader, 2)
      break
    case 'task':
      tasks((one) => !isLeader(one), 3)
      break
    case 'agent+shim': {
      const agent = dice.pick(world.agents)
      member(agent)
      tasks((one) => one.node === agent.name && isLeader(one), 2)
      break
    }
    case 'node': {
      // As when the machine loses its power, except that its disk and its clock go on.
      const agent = dice.pick(world.agents)
      member(agent)
      for (const one of world.tasks()) if (one.node === agent.name) process(one)
    }
  }
  return { told, struck }
}
