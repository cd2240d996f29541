/** One cycle's kill: which processes, drawn by the dice, and the deed. Everything dies by SIGKILL and by its own pid. */
import type { Struck } from '../ledger/laws.ts'
import type { Dice } from '../random.ts'
import type { Agent } from '../world/agents.ts'
import { endProcess } from '../world/end-process.ts'
import { isLeader, type Marked } from '../world/marked.ts'
import type { Member } from '../world/member.ts'
import type { World } from '../world/world.ts'
import type { Target } from './targets.ts'

/** Longest that what was killed stays away. */
const AWAY_MS = 250

export interface Deed {
  /** For the story. */
  readonly told: readonly string[]
  readonly struck: readonly Struck[]
  /** False when nothing of it was there to be killed. */
  readonly hit: boolean
}

/** `at` is the node that is struck where a strike is one of a node's; drawn where absent. */
export const strike = (world: World, target: Target, dice: Dice, at?: Agent): Deed => {
  const told: string[] = []
  const struck: Struck[] = []
  let hit = false
  const agent = at ?? dice.pick(world.agents)
  const backInMs = dice.below(AWAY_MS)
  const killed = (name: string, wasThere: boolean): void => {
    hit ||= wasThere
    told.push(`${name}${wasThere ? '' : ' (was away)'}, back in ${backInMs} ms`)
  }
  const member = (one: Member): void => killed(one.name, one.kill9(backInMs))
  const process = (one: Marked): void => {
    const was = isLeader(one) ? 'shim' : 'task'
    const { execution, attempt, node, job } = one
    struck.push({ execution, attempt, was, node, job })
    const done = endProcess(one.pid)
    hit ||= done
    told.push(`${was} ${one.pid} of ${node} ${job} ${execution}/${attempt ?? '?'}${done ? '' : ' (gone)'}`)
  }
  const tasks = (want: (one: Marked) => boolean, most: number): void => {
    // Sorted by what does not depend on the machine, as far as there is such a thing.
    const found = world
      .tasks()
      .filter(want)
      .toSorted((a, b) => `${a.node} ${a.job}`.localeCompare(`${b.node} ${b.job}`) || a.pid - b.pid)
    for (const one of dice.some(found, 1 + dice.below(most))) process(one)
  }
  const isHere = ({ node }: Marked): boolean => at === undefined || node === at.name
  switch (target) {
    case 'server':
      killed('nats-server', world.killServer(backInMs))
      break
    case 'api':
      member(dice.pick(world.apis))
      break
    case 'scheduler':
      member(dice.pick(world.schedulers))
      break
    case 'engine':
      member(dice.pick(world.engines))
      break
    case 'launcher':
      killed(`launcher of ${agent.name}`, agent.launcher.kill9(backInMs))
      break
    case 'agent':
      killed(agent.name, agent.killAgent(backInMs))
      break
    case 'shim':
      tasks((one) => isHere(one) && isLeader(one), at ? 1 : 2)
      break
    case 'task':
      // Of one node only one, so that what shall be struck next is still there.
      tasks((one) => isHere(one) && !isLeader(one), at ? 1 : 3)
      break
    case 'agent+shim':
      killed(agent.name, agent.killAgent(backInMs))
      tasks((one) => one.node === agent.name && isLeader(one), 2)
      break
    case 'node': {
      // As when the machine loses its power, except that its disk and its clock go on: the launcher has no time for a word.
      const pid = agent.agentPid()
      killed(`launcher of ${agent.name}`, agent.launcher.kill9(backInMs))
      if (pid !== undefined) endProcess(pid)
      for (const one of world.tasks()) if (one.node === agent.name) process(one)
    }
  }
  return { told, struck, hit }
}
