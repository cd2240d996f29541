/**
 * Beats every `heartbeatMs`, while something validates every shortest interval if that is less, and besides right when a
 * window was cut: a judge should not wait for news that the node already has.
 */
import type { BootId, Generation, NodeId } from '@dunlin/contracts/agent'
import { heartbeatSubject } from '@dunlin/nats/agent'
import type { Timer } from '@dunlin/runtime/agent'
import type { Runner } from '../converge/runner.ts'
import type { AgentPorts } from '../ports.ts'
import type { Timings } from '../timings.ts'
import { buildHeartbeat } from './beat.ts'
import { createCutter } from './cutter.ts'
import { nextBeatMs } from './pace.ts'

export interface Heart {
  /** Looks at the windows again: something may have begun to validate. */
  quicken(): void
  /** The last beat says `bye` when the agent leaves on purpose. */
  stop(bye: boolean): void
}

export interface HeartFacts {
  readonly node: NodeId
  readonly boot: BootId
  readonly generation: () => Generation
  readonly lastSeq: () => number
  /** Codes of what is wrong with the node. */
  readonly problems: () => readonly string[]
}

export const startHeart = (
  ports: Pick<AgentPorts, 'bus' | 'clock' | 'journal' | 'logger'>,
  runner: Runner,
  facts: HeartFacts,
  timings: Timings,
): Heart => {
  const { bus, clock, logger } = ports
  const cutter = createCutter(runner, ports)
  const subject = heartbeatSubject(facts.node)
  const encoder = new TextEncoder()
  let n = 0
  let sentMs = -Infinity
  /** When the first window was cut that no beat has shown. */
  let cutMs: number | undefined
  let timer: Timer | undefined
  let stopped = false

  const beat = (bye: boolean): void => {
    sentMs = clock.monotonicMs()
    cutMs = undefined
    n += 1
    const { node, boot, generation, lastSeq, problems } = facts
    const heartbeat = buildHeartbeat({
      node,
      boot,
      n,
      at: clock.nowMs(),
      monotonicMs: sentMs,
      gen: generation(),
      rep: lastSeq(),
      executions: runner.executions.values(),
      problems: problems(),
      bye,
    })
    try {
      bus.publish(subject, encoder.encode(JSON.stringify(heartbeat)))
    } catch (error) {
      logger.debug('a heartbeat could not be sent', { reason: String(error) })
    }
  }

  const everyMs = (): number => Math.min(timings.heartbeatMs, cutter.shortestIntervalMs() ?? Infinity)

  const dueMs = (): number => nextBeatMs({ sentMs, everyMs: everyMs(), cutMs, nextEndMs: cutter.nextEndMs() })

  const tick = (): void => {
    if (cutter.cutDue()) cutMs ??= clock.monotonicMs()
    if (clock.monotonicMs() >= dueMs()) beat(false)
    arm()
  }

  const arm = (): void => {
    timer?.cancel()
    if (stopped) return
    const nextMs = Math.min(dueMs(), cutter.nextEndMs() ?? Infinity)
    timer = clock.after(Math.max(1, nextMs - clock.monotonicMs()), tick)
  }

  tick()
  return {
    quicken: () => {
      if (!stopped) arm()
    },
    stop: (bye) => {
      stopped = true
      timer?.cancel()
      cutter.cutDue()
      if (bye) beat(true)
    },
  }
}
