/** What a simulated execution does: scripted per (content, node), so that a test can break a version on some nodes. */
import type { DesiredExecution, ExecutionId, JobKey, NodeId, Sha256 } from '@dunlin/contracts/agent'
import type { Disturbance } from '@dunlin/domain/agent'

export interface ScriptFacts {
  readonly node: NodeId
  readonly execution: ExecutionId
  readonly job: JobKey
  readonly version: number
  readonly content: Sha256
  readonly health: DesiredExecution['health']
}

/** What an execution counts and shows while it runs. */
export interface Behaviour {
  /** Default 10. */
  readonly inPerSecond?: number
  /** Default 0. */
  readonly failedPerSecond?: number
  /** Every window shows this. Default none. */
  readonly disturbed?: Disturbance
}

/** Behaviour from the beginning of a window on, until the next stage. What it does not say is as in the script. */
export interface Stage extends Behaviour {
  /** 1 is the window that begins with `starting`. */
  readonly fromWindow: number
}

export interface Script extends Behaviour {
  /** From the document to `starting`, as while a content is fetched. `Infinity`: it never starts. Default 0. */
  readonly announcesInMs?: number
  /** From the acknowledgement of `starting` to `running`. Default 0. */
  readonly startsInMs?: number
  /** In order. */
  readonly stages?: readonly Stage[]
  /** Each attempt ends this long after `running` and is restarted; after `times` crashes (default: no end) it stays. */
  readonly crashes?: {
    readonly afterMs: number
    readonly times?: number
    /** Default: as real agents do, 1 s doubling to 5 min. */
    readonly backOffMs?: number
  }
  /** Instead of running on, it ends this long after its first `running`. */
  readonly ends?: { readonly afterMs: number; readonly as: 'completed' | 'failed'; readonly message?: string }
  /**
   * The node falls silent as soon as `starting` is acknowledged: no report, no heartbeat, no answer. What it runs runs on;
   * `forMs` later it is heard again.
   */
  readonly silencesNode?: boolean | { readonly forMs: number }
}

export type Scripts = (facts: ScriptFacts) => Script

export const healthy: Scripts = () => ({})

/** Stages in which only these windows (rising) behave so, and the ones between them as the script says. */
export const onlyInWindows = (windows: readonly number[], behaviour: Behaviour): Stage[] =>
  windows.flatMap((fromWindow, index) => {
    const next = windows[index + 1]
    return next === fromWindow + 1
      ? [{ ...behaviour, fromWindow }]
      : [{ ...behaviour, fromWindow }, { fromWindow: fromWindow + 1 }]
  })

/** Behaves so until the end of the given window, and then as the script says: noisy at first, recovered after a while. */
export const untilWindow = (lastWindow: number, behaviour: Behaviour): Stage[] => [
  { ...behaviour, fromWindow: 1 },
  { fromWindow: lastWindow + 1 },
]
