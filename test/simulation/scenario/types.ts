/**
 * A scenario is data: what a seed draws, what a replay needs, what shrinking makes smaller. Instants are milliseconds of
 * simulated time since the action before; nodes, sites and jobs are numbers, so that a smaller world still understands it.
 */

export const programs = [
  'good',
  'better',
  'best',
  'slow',
  'warming',
  'bad',
  'half',
  'crashes',
  'loops',
  'short',
  'mute',
  'stuck',
] as const
/**
 * What the job's command does on a node: the first three are healthy contents, as are `slow`, which takes seconds to start,
 * and `warming`, which fails in its first window. `bad` fails its messages everywhere, `half` on every second node, `crashes`
 * ends at once, `loops` crashes and is restarted, `short` completes, `mute` silences the node that starts it, `stuck` never
 * says that it starts.
 */
export type Program = (typeof programs)[number]

export const roles = ['scheduler', 'engine', 'api'] as const
export type Role = (typeof roles)[number]

/** How messages of the bus fare, as shares of all deliveries. */
export interface Weather {
  readonly lost: number
  readonly repeated: number
  readonly late: number
  /** Late ones arrive up to this much later, so they also overtake each other. */
  readonly lateByMs: number
}

export type Verb = 'stop' | 'delete' | 'pause' | 'resume' | 'promote' | 'halt' | 'rollback' | 'rerun'

export type Deed =
  | {
      readonly do: 'apply'
      readonly job: number
      readonly program: Program
      readonly selector: 'all' | 'production'
      readonly rollout: Readonly<Record<string, unknown>>
      /** Priority, time limits, restart policy. */
      readonly more?: Readonly<Record<string, unknown>>
    }
  | {
      readonly do: 'command'
      readonly job: number
      readonly verb: Verb
      readonly body: Readonly<Record<string, unknown>>
    }
  /** The last command once more, with the same id: it must take effect once. */
  | { readonly do: 'repeat' }
  /** At the `call`-th call to a port from now on, before it leaves or after it took effect. */
  | {
      readonly do: 'crash'
      readonly role: Role
      readonly call: number
      readonly when: 'before' | 'after'
      readonly backMs: number
    }
  | { readonly do: 'freeze'; readonly role: Role; readonly call: number; readonly forMs: number }
  | { readonly do: 'snapshot' }
  | { readonly do: 'lose-acks'; readonly count: number; readonly writer: 'asks_again' | 'gives_up' }
  | { readonly do: 'weather'; readonly weather: Weather; readonly forMs: number }
  | { readonly do: 'cut-log'; readonly forMs: number }
  | { readonly do: 'slow-log'; readonly byMs: number; readonly forMs: number }
  | { readonly do: 'deafen'; readonly forMs: number }
  | { readonly do: 'fill-log'; readonly share: number; readonly forMs: number }
  | { readonly do: 'jump'; readonly byMs: number }
  /** The log loses its last messages, acknowledged ones too, as after a restore. */
  | { readonly do: 'rewind'; readonly messages: number }
  | { readonly do: 'silence'; readonly nodes: 'one' | 'site' | 'all'; readonly which: number; readonly forMs: number }
  | { readonly do: 'flap'; readonly node: number; readonly times: number; readonly everyMs: number }
  | {
      readonly do: 'reboot'
      readonly node: number
      readonly journal: 'kept' | 'lost'
      readonly tasks: 'kept' | 'killed' | 'lost'
      readonly downMs: number
    }
  | { readonly do: 'burst'; readonly node: number; readonly forMs: number }
  /** A person's command to a node. */
  | {
      readonly do: 'node'
      readonly node: number
      readonly verb: 'cordon' | 'uncordon' | 'drain' | 'label' | 'remove'
      readonly body: Readonly<Record<string, unknown>>
    }
  /** Time passes with no new fault, and then what must hold of a quiet world is looked at. */
  | { readonly do: 'look' }

export type Action = Deed & { readonly afterMs: number }

export interface Scenario {
  /** Decides ids, lease races, message fates: everything that is not an action. */
  readonly seed: number
  readonly nodes: number
  readonly sites: number
  readonly jobs: number
  readonly instances: Readonly<Record<Role, number>>
  /** Nodes on which every program fails its messages. */
  readonly noisy: readonly number[]
  /** Long simulated times: services look at the clock more rarely. */
  readonly slow: boolean
  readonly actions: readonly Action[]
}
