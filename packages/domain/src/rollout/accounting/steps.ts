/** What may happen in a world, one step at a time. */
import type { NodeId } from '@dunlin/contracts'
import { isPresent } from '../../job/state.ts'
import { law } from './laws.ts'
import type { StoryPolicy, World } from './world.ts'

export const plainSteps = {
  person: ['pause', 'resume', 'resume', 'promote', 'promote', 'halt', 'rerun'],
  end: ['stop', 'stop', 'delete'],
  surroundings: ['blind', 'dazed', 'sighted', 'log full', 'log free', 'scheduler down', 'scheduler up'],
  time: ['expire', 'revoke', 'revoke', 'free', 'revoke as before 0.2'],
  outcomes: ['all healthy', 'all but the bad', 'go well'],
  engine: ['advance'],
} as const
export const nodeSteps = {
  placement: ['place', 'place', 'unplace'],
  connection: ['connect', 'connect', 'silence', 'sicken', 'heal'],
  outcome: ['activate', 'healthy', 'failed', 'lost', 'stale'],
} as const

export type Step =
  | { readonly do: (typeof plainSteps)[keyof typeof plainSteps][number] }
  | { readonly do: (typeof nodeSteps)[keyof typeof nodeSteps][number]; readonly node: NodeId }
  | { readonly do: 'apply'; readonly content: string; readonly label: number }
  /** Of what is applied next. */
  | { readonly do: 'policy'; readonly policy: StoryPolicy }
  | { readonly do: 'rollback'; readonly back: number; readonly whole: boolean }

export const takeStep = (world: World, s: Step, state: { policy: StoryPolicy }): void => {
  switch (s.do) {
    case 'apply':
      return void world.apply(s.content, { labels: { l: String(s.label) }, policy: state.policy })
    case 'policy':
      state.policy = s.policy
      return
    case 'rollback': {
      const version = isPresent(world.job) ? world.job.versions.version - s.back : 0
      return void world.rollBack(s.back === 0 ? undefined : version, s.whole)
    }
    case 'pause':
    case 'resume':
    case 'promote':
    case 'halt':
    case 'rerun':
    case 'stop':
    case 'delete':
      return void world.command(s.do)
    case 'blind':
      world.switches.sight = { reason: 'site_silent', message: 'a site is silent' }
      return
    case 'dazed':
      world.switches.sight = 'unknown'
      return
    case 'sighted':
      world.switches.sight = 'clear'
      return
    case 'log full':
    case 'log free':
      world.switches.logFull = s.do === 'log full'
      return
    case 'scheduler down':
    case 'scheduler up':
      world.switches.schedulerDown = s.do === 'scheduler down'
      return
    case 'expire':
      return world.tick(2_000_000)
    case 'revoke':
      return isPresent(world.job) ? world.revoke() : undefined
    case 'revoke as before 0.2':
      return isPresent(world.job) ? world.revoke('NodesDeferred') : undefined
    case 'free':
      return isPresent(world.job) ? world.free() : undefined
    case 'all healthy':
      return world.settle(() => 'healthy')
    case 'go well':
      for (let wave = 0; wave < 14; wave += 1) {
        world.place()
        world.advance()
        world.settle(() => 'healthy')
      }
      return
    case 'all but the bad':
      return world.settle((at) => (Number(at.slice(1)) % 3 === 0 ? 'failed' : 'healthy'))
    case 'advance':
      return void world.advance()
    case 'place':
      return void world.wanted.add(s.node)
    case 'unplace':
      return void world.wanted.delete(s.node)
    case 'connect':
      return void world.connected.add(s.node)
    case 'silence':
      return void world.connected.delete(s.node)
    case 'sicken':
      return void world.sick.add(s.node)
    case 'heal':
      return void world.sick.delete(s.node)
    case 'activate':
      return world.activate(s.node)
    case 'healthy':
    case 'failed':
      return world.judge(s.node, s.do)
    case 'lost':
      return world.judge(s.node, 'failed', 'lost_after')
    case 'stale': {
      const grant = world.job.rollouts.grants.get(s.node)
      const before = world.log.length
      if (grant?.previous !== undefined) world.judge(s.node, 'failed', 'test', grant.previous)
      return law('S8', world.log.length === before, () => 'a verdict on an execution of the past was recorded')
    }
    default:
      s satisfies never
  }
}
