/**
 * Turns what happens to an execution into transitions: durable first, then told to the log. A restarting execution is
 * told at most once a minute; what was held back is counted and told when the minute is over.
 */
import { canTell, type Telling } from './tell-once-a-minute.ts'
import type { Transition } from '@dunlin/contracts/agent'
import type { AgentPorts } from '../ports.ts'
import { transitionOf, type Execution } from './execution.ts'

export interface Teller {
  tell(one: Execution, state: Transition['state'], more?: Pick<Transition, 'exit' | 'error' | 'nextAttemptAt'>): void
  /** Durable and shown in heartbeats, not told to the log: nobody decides by it. */
  note(one: Execution, state: Transition['state'], more?: Pick<Transition, 'error'>): void
  /** Tells what was held back and is due; returns when the next one is due, monotonic. */
  tellHeldBack(executions: Iterable<Execution>): number | undefined
}

export const createTeller = (
  { journal, clock }: Pick<AgentPorts, 'journal' | 'clock'>,
  kickReporter: () => void,
): Teller => {
  const write = (one: Execution, latest: Transition, told: boolean): void => {
    one.latest = latest
    one.j = journal.record(one.entry, one.local, latest, told)
    if (!told) return
    one.toldState = latest.state
    kickReporter()
  }
  const tellNow = (one: Execution, transition: Transition): void => {
    const { untold } = one.local
    one.local = { ...one.local, untold: 0 }
    if (transition.state === 'degraded') one.toldDegradedMs = clock.monotonicMs()
    write(one, untold > 0 ? { ...transition, replaces: untold } : transition, true)
  }
  return {
    tell: (one, state, more) => {
      const transition = transitionOf(one, state, clock.nowMs(), more)
      const telling: Telling = { state, toldState: one.toldState, toldDegradedMs: one.toldDegradedMs }
      if (canTell(telling, clock.monotonicMs())) return tellNow(one, transition)
      one.local = { ...one.local, untold: one.local.untold + 1 }
      write(one, transition, false)
    },
    note: (one, state, more) => write(one, transitionOf(one, state, clock.nowMs(), more), false),
    tellHeldBack: (executions) => {
      let nextMs: number | undefined
      for (const one of executions) {
        if (one.local.untold === 0) continue
        const dueMs = one.toldDegradedMs + 60_000
        if (dueMs <= clock.monotonicMs()) {
          one.toldDegradedMs = clock.monotonicMs()
          tellNow(one, one.latest)
        } else nextMs = Math.min(nextMs ?? dueMs, dueMs)
      }
      return nextMs
    },
  }
}
