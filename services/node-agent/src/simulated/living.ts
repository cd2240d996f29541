/** What happens to simulated executions by themselves: they are activated, run, crash and restart, end, all as scripted. */
import { afterAttempt, FRESH_FOR_MS } from '@dunlin/domain/agent'
import { canTell } from '../converge/tell-once-a-minute.ts'
import { disturbByRestart } from './acting.ts'
import { activate, become, report, tell, type Instant } from './converging.ts'
import { isOver, type SimulatedExecution, type SimulatedNode } from './node.ts'

export interface Living {
  /** Starts whatever waits for nothing but its acknowledgement, if the document is fresh. */
  activateReady(node: SimulatedNode): void
  /** The running attempt ends, and the next one begins after a back-off. */
  crash(node: SimulatedNode, one: SimulatedExecution, code: 'exited' | 'process_lost', backOffMs?: number): void
}

export interface LivingDeps {
  readonly instant: () => Instant
  /** Not called any more once the fleet was stopped. */
  readonly after: (delayMs: number, run: () => void) => void
  /** Something of the node is to be told, or begins to validate. */
  readonly onChange: (node: SimulatedNode) => void
  readonly reread: (node: SimulatedNode) => void
  readonly silence: (node: SimulatedNode, forMs: number | undefined) => void
}

const TOLD_EVERY_MS = 60_000

export const createLiving = ({ instant, after, onChange, reread, silence }: LivingDeps): Living => {
  /** Unless it is over, was forgotten or is in another attempt by then. */
  const soon = (node: SimulatedNode, one: SimulatedExecution, delayMs: number, run: () => void): void => {
    const { attempt } = one
    const due = (): void => {
      if (one.attempt !== attempt || isOver(one.state) || node.executions.get(one.entry.execution) !== one) return
      run()
    }
    if (delayMs <= 0) due()
    else after(delayMs, due)
  }

  /** Tells a state unless a restarting execution has told enough this minute. */
  const tellSparingly = (node: SimulatedNode, one: SimulatedExecution): void => {
    const { nowMs } = instant()
    if (canTell({ state: one.state, toldState: one.toldState, toldDegradedMs: one.toldDegradedMs }, nowMs)) {
      if (one.state === 'degraded') one.toldDegradedMs = nowMs
      tell(node, one)
    } else {
      if (one.untold === 0)
        after(one.toldDegradedMs + TOLD_EVERY_MS - nowMs, () => {
          // A reboot may have forgotten it, and know another one by its name since.
          if (one.untold === 0 || isOver(one.state) || node.executions.get(one.entry.execution) !== one) return
          one.toldDegradedMs = instant().nowMs
          tell(node, one)
          onChange(node)
        })
      one.untold += 1
    }
    onChange(node)
  }

  const run = (node: SimulatedNode, one: SimulatedExecution): void => {
    become(node, one, 'running', instant())
    tellSparingly(node, one)
    const { ends, crashes } = one.script
    if (ends && one.attempt === 1)
      soon(node, one, ends.afterMs, () => {
        const message = ends.message ?? 'ended as scripted'
        report(node, one, ends.as, instant(), ends.as === 'failed' ? { code: 'exited', message } : undefined)
        onChange(node)
      })
    if (crashes && one.attempt <= (crashes.times ?? Infinity))
      soon(node, one, crashes.afterMs, () => crash(node, one, 'exited', crashes.backOffMs))
  }

  const crash: Living['crash'] = (node, one, code, backOffMs) => {
    if (one.state !== 'running') return
    const { attempt } = one
    const next = afterAttempt({
      policy: 'always',
      ending: code === 'exited' ? { is: 'exited', code: 1, signal: null } : { is: 'lost' },
      streak: attempt - 1,
      ranMs: 0,
      jitter: 0,
    })
    disturbByRestart(one)
    become(node, one, 'degraded', instant(), { code, message: 'crashed as scripted' })
    tellSparingly(node, one)
    soon(node, one, backOffMs ?? (next.is === 'restart' ? next.delayMs : 0), () => {
      one.attempt += 1
      run(node, one)
    })
  }

  const start = (node: SimulatedNode, one: SimulatedExecution): void => {
    activate(node, one, instant())
    const { silencesNode, startsInMs = 0 } = one.script
    if (silencesNode) silence(node, silencesNode === true ? undefined : silencesNode.forMs)
    onChange(node)
    soon(node, one, startsInMs, () => run(node, one))
  }

  return {
    crash,
    activateReady: (node) => {
      for (const one of node.executions.values()) {
        if (one.started || !one.acknowledged || one.state !== 'starting') continue
        const isFresh = node.readAtMs !== undefined && instant().nowMs - node.readAtMs < FRESH_FOR_MS
        if (!isFresh) return reread(node)
        start(node, one)
      }
    },
  }
}
