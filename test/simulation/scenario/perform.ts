/** Does what an action says, in a world. What an action begins ends by itself after its time. */
import type { NodeId } from '@dunlin/contracts'
import { failing, keyOf, nodeName } from '../world/programs.ts'
import type { World } from '../world/world.ts'
import type { Action, Scenario } from './types.ts'

export interface Stage {
  readonly world: World
  readonly scenario: Scenario
  readonly lastSeq: () => number
  readonly logBytes: () => number
  readonly idOf: (action: Action) => string
  /** For so long from now on services may decide on old news, or nobody may lead. */
  readonly trouble: (forMs: number) => void
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
const selectors = { all: {}, production: { match_labels: { env: 'production' } } } as const

/** Numbers go round, so that a smaller world still understands a scenario. */
const nodeOf = ({ scenario }: Stage, index: number): NodeId => nodeName(index % Math.max(1, scenario.nodes))

/** After a log that was slow, cut or full, followers catch up and refused work is tried again within this. */
const CATCHES_UP_MS = 10_000
/** After a crash somebody else leads within this: the lease must run out first. */
const LEADS_AGAIN_MS = 30_000

export const perform = async (stage: Stage, action: Action): Promise<void> => {
  const { world } = stage
  const { clock, store, tell } = world
  const lateFor = (ms: number): void => stage.trouble(ms + CATCHES_UP_MS)
  switch (action.do) {
    case 'apply': {
      const key = keyOf(action.job)
      const { strategy = 'rolling' } = action.rollout
      const words = action.more === undefined ? '' : ` ${JSON.stringify(action.more)}`
      tell(`apply ${key.name}: ${action.program}, ${String(strategy)}${words} (${stage.idOf(action)})`)
      const selector = selectors[action.selector]
      const more = { ...action.more, selector, rollout: action.rollout }
      return world.apply(key, action.program, more, stage.idOf(action))
    }
    case 'command': {
      const key = keyOf(action.job)
      tell(`${action.verb} ${key.name} (${stage.idOf(action)})`)
      return world.send({ id: stage.idOf(action), key, verb: action.verb, body: action.body })
    }
    case 'repeat':
      tell('the last command once more')
      return world.repeat()
    case 'crash':
    case 'freeze':
      return strike(stage, action)
    case 'snapshot':
      return world.takeSnapshot()
    case 'lose-acks':
      tell(`the next ${action.count} acknowledgements are lost, the writer ${action.writer.replace('_', ' ')}`)
      return store.faults.log.loseNextAcks(action.count, action.writer)
    case 'weather': {
      const { lost, repeated, late } = action.weather
      tell(`weather for ${seconds(action.forMs)}: ${lost} lost, ${repeated} repeated, ${late} late`)
      world.setWeather(action.weather)
      return void clock.after(action.forMs, () => world.setWeather(undefined))
    }
    case 'cut-log':
      tell(`the log is cut off for ${seconds(action.forMs)}`)
      lateFor(action.forMs)
      store.faults.log.cut()
      return void clock.after(action.forMs, () => store.faults.log.restore())
    case 'slow-log':
      tell(`followers lag by ${action.byMs} ms for ${seconds(action.forMs)}`)
      lateFor(action.forMs)
      store.faults.log.delayDelivery(action.byMs)
      return void clock.after(action.forMs, () => store.faults.log.delayDelivery(0))
    case 'deafen':
      tell(`the bus is dead for ${seconds(action.forMs)}`)
      store.faults.bus.setLive(false)
      return void clock.after(action.forMs, () => store.faults.bus.setLive(true))
    case 'fill-log': {
      lateFor(action.forMs)
      tell(`the log is ${(100 * action.share).toFixed(1)} % full for ${seconds(action.forMs)}`)
      const bytes = stage.logBytes()
      store.faults.log.limit(Math.ceil(bytes / action.share))
      return void clock.after(action.forMs, () => store.faults.log.limit(-1))
    }
    case 'jump':
      tell(`the wall clock jumps by ${seconds(action.byMs)}`)
      return clock.jumpWall(action.byMs)
    case 'rewind': {
      // Nobody who starts later can tell a short log that has grown again from one that was never longer (README.md).
      if (!world.instances.some(({ role }) => role === 'scheduler')) return undefined
      const lastSeq = stage.lastSeq()
      const keep = Math.max(lowestKept(stage), lastSeq - action.messages)
      tell(`the log goes back from ${lastSeq} to ${keep}`)
      stage.trouble(LEADS_AGAIN_MS)
      return store.faults.log.rewindTo(keep)
    }
    case 'silence':
      return silence(stage, action)
    case 'flap': {
      const node = nodeOf(stage, action.node)
      tell(`${node} flaps ${action.times} times`)
      for (let n = 0; n < action.times; n += 1) {
        clock.after(2 * n * action.everyMs, () => world.agents.silence(node, true))
        clock.after((2 * n + 1) * action.everyMs, () => world.agents.silence(node, false))
      }
      return undefined
    }
    case 'reboot':
      return reboot(stage, action)
    case 'burst': {
      const node = nodeOf(stage, action.node)
      tell(`${node} fails its messages for ${seconds(action.forMs)}`)
      world.agents.behave(node, failing)
      return void clock.after(action.forMs, () => world.agents.behave(node, undefined))
    }
    case 'node': {
      const node = nodeOf(stage, action.node)
      tell(`${action.verb} ${node} ${JSON.stringify(action.body)} (${stage.idOf(action)})`)
      return world.send({ id: stage.idOf(action), node, verb: action.verb, body: action.body })
    }
    case 'look':
      return undefined
    default:
      return action satisfies never
  }
}

/** The log never loses the beginning, with which the nodes joined. */
const lowestKept = ({ scenario }: Stage): number => 3 * scenario.nodes

type Strike = Extract<Action, { do: 'crash' | 'freeze' }>

/** One instance of the role, at the call that was named. A role of which nobody is there is left alone. */
const strike = ({ world, trouble }: Stage, action: Strike): void => {
  const victim = world.instances.find(({ role }) => role === action.role)
  if (victim === undefined) return
  if (action.do === 'crash') {
    victim.plugged.strike(action.call, action.when, () => {
      trouble(action.backMs + LEADS_AGAIN_MS)
      victim.crash()
      world.clock.after(action.backMs, () => void world.due.push(action.role))
    })
    return
  }
  victim.plugged.strike(action.call, 'after', () => {
    world.tell(`${victim.name} is frozen for ${seconds(action.forMs)}`)
    trouble(action.forMs + LEADS_AGAIN_MS)
    victim.plugged.freeze()
    world.clock.after(action.forMs, () => {
      world.tell(`${victim.name} goes on`)
      victim.plugged.thaw()
    })
  })
}

const silence = ({ world, scenario }: Stage, action: Extract<Action, { do: 'silence' }>): void => {
  const all = Array.from({ length: scenario.nodes }, (_, index) => index)
  const chosen: readonly NodeId[] = (
    action.nodes === 'all'
      ? all
      : action.nodes === 'site'
        ? all.filter((index) => index % scenario.sites === action.which % scenario.sites)
        : all.filter((index) => index === action.which % scenario.nodes)
  ).map(nodeName)
  const who =
    action.nodes === 'one'
      ? chosen.join()
      : action.nodes === 'all'
        ? 'everybody'
        : `site-${action.which % scenario.sites}`
  world.tell(`${who} is silent for ${seconds(action.forMs)}`)
  for (const node of chosen) world.agents.silence(node, true)
  world.clock.after(action.forMs, () => {
    for (const node of chosen) world.agents.silence(node, false)
  })
}

const reboot = (stage: Stage, { node, journal, tasks, downMs }: Extract<Action, { do: 'reboot' }>): void => {
  const id = nodeOf(stage, node)
  const { world } = stage
  world.tell(`${id} boots again within ${seconds(downMs)}, its journal ${journal}, its tasks ${tasks}`)
  world.agents.silence(id, true)
  world.clock.after(downMs, () => {
    world.agents.silence(id, false)
    world.agents.reboot(id, { journal, tasks })
  })
}
