/** A follower that writes down what it was told, for the contract suite. */
import type { Follower, FollowHandlers, Log, LogPosition, Recorded } from '../log.ts'

export interface FollowerProbe {
  readonly seen: Recorded[]
  readonly caughtUp: number[]
  readonly rewound: string[]
  readonly live: boolean[]
  readonly ended: (Error | undefined)[]
  readonly follower: Follower
}

export const probe = (log: Log, from?: LogPosition, handlers: Partial<FollowHandlers> = {}): FollowerProbe => {
  const seen: Recorded[] = []
  const caughtUp: number[] = []
  const rewound: string[] = []
  const live: boolean[] = []
  const ended: (Error | undefined)[] = []
  const follower = log.follow(from, {
    onBatch: (batch) => void seen.push(...batch),
    onCaughtUp: (seq) => void caughtUp.push(seq),
    onRewound: (why) => void rewound.push(why),
    onLive: (now) => void live.push(now),
    onEnd: (error) => void ended.push(error),
    ...handlers,
  })
  return { seen, caughtUp, rewound, live, ended, follower }
}
