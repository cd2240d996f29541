/** Asks the probes of what runs, each on its own timer, and writes what follows from the answers into the execution. */
import {
  afterAnswer,
  asked,
  disturb,
  fitnessOf,
  newProbe,
  type ProbeKind,
  type ProbeState,
  type ProbeStates,
} from '@dunlin/domain/agent'
import type { Clock, Timer } from '@dunlin/runtime/agent'
import type { Execution } from '../converge/execution.ts'
import type { Driver, Task } from '../drivers/driver.ts'
import { askProbe, type Answer, type Asked } from './ask.ts'
import { probeRules, type ProbeRule, type ProbeRules } from './rules.ts'

export interface Prober {
  /** Begins, goes on with or ends the probes of an execution, so that they fit its present attempt. */
  look(one: Execution, ready: { readonly task: Task; readonly driver: Driver } | undefined): void
  stop(): void
}

interface ProberDeps {
  readonly clock: Clock
  readonly onChange: () => void
  /** For tests; asks the real thing otherwise. */
  readonly ask?: (rule: ProbeRule, question: Asked) => Promise<Answer>
}

interface Watch {
  readonly attempt: number
  readonly rules: ProbeRules
  readonly abort: AbortController
  readonly timers: Map<ProbeKind, Timer>
  states: ProbeStates
}

const STARTED: ProbeState = { is: 'passing', successes: 1, failures: 0 }

export const createProber = ({ clock, onChange, ask = askProbe }: ProberDeps): Prober => {
  const watches = new Map<Execution, Watch>()

  const end = (one: Execution, watch: Watch): void => {
    watch.abort.abort()
    for (const timer of watch.timers.values()) timer.cancel()
    watches.delete(one)
    delete one.fitness
    delete one.probes
  }

  const schedule = (
    one: Execution,
    watch: Watch,
    question: Omit<Asked, 'signal'>,
    kind: ProbeKind,
    inMs: number,
  ): void => {
    const rule = watch.rules[kind]
    if (!rule) return
    const timer = clock.after(Math.max(1, inMs), () => {
      void ask(rule, { ...question, signal: watch.abort.signal }).then((answer) => {
        if (watch.abort.signal.aborted) return
        take(one, watch, kind, rule, answer)
        for (const other of asked(watch.states))
          if (other === kind) schedule(one, watch, question, kind, rule.intervalMs)
          else if (!watch.timers.has(other))
            schedule(one, watch, question, other, watch.rules[other]?.initialDelayMs ?? 0)
      })
    })
    watch.timers.set(kind, timer)
  }

  const take = (one: Execution, watch: Watch, kind: ProbeKind, rule: ProbeRule, { ok, message }: Answer): void => {
    const before = one.fitness
    const state = afterAnswer(watch.states[kind] ?? newProbe, ok, rule)
    watch.states = { ...watch.states, [kind]: state }
    one.probes = { ...one.probes, [kind]: { ...state, message, at: clock.nowMs() } }
    one.fitness = fitnessOf(watch.states)
    if (one.fitness === 'unready' || one.fitness === 'liveness_failed') one.cutting = disturb(one.cutting, 'p')
    if (one.fitness === before) return
    if (state.is === 'failing') one.failure = problemOf(kind, state.failures, message)
    if ((one.fitness === 'startup_failed' || one.fitness === 'liveness_failed') && one.phase.is === 'running')
      one.phase = { ...one.phase, failed: one.fitness }
    onChange()
  }

  return {
    look: (one, ready) => {
      const watch = watches.get(one)
      if (watch && (one.phase.is !== 'running' || watch.attempt !== one.local.attempt)) end(one, watch)
      if (one.phase.is !== 'running' || !ready || watches.has(one)) return
      const rules = probeRules(ready.task.content)
      if (!rules) return
      const begun: Watch = {
        attempt: one.local.attempt,
        rules,
        abort: new AbortController(),
        timers: new Map(),
        states: firstStates(rules, hasStarted(one)),
      }
      watches.set(one, begun)
      one.fitness = fitnessOf(begun.states)
      one.probes = begun.states
      for (const kind of asked(begun.states)) schedule(one, begun, ready, kind, rules[kind]?.initialDelayMs ?? 0)
    },
    stop: () => {
      for (const [one, watch] of watches) end(one, watch)
    },
  }
}

/** `running` is told only when startup has passed: an attempt that an earlier agent told so needs no second proof. */
const hasStarted = ({ latest, local }: Execution): boolean =>
  latest.attempt === local.attempt && (latest.state === 'running' || latest.state === 'degraded')

const firstStates = (rules: ProbeRules, started: boolean): ProbeStates => ({
  ...(rules.startup ? { startup: started ? STARTED : newProbe } : {}),
  ...(rules.readiness ? { readiness: newProbe } : {}),
  ...(rules.liveness ? { liveness: newProbe } : {}),
})

const codes = { startup: 'startup_failed', readiness: 'not_ready', liveness: 'liveness_failed' } as const

const problemOf = (kind: ProbeKind, failures: number, message: string) => ({
  code: codes[kind],
  message: `The ${kind} probe failed ${failures} ${failures === 1 ? 'time' : 'times in a row'}: ${message}.`,
})
