/**
 * What a simulated execution counts: a function of time, by the script, its stages and what a test makes of its node. So
 * counters cost nothing between two looks, and a window shows exactly what happened inside it however late it is cut.
 */
import { cut, disturb, nextEndMs, stillValidating } from '@dunlin/domain/agent'
import type { SimulatedExecution, SimulatedNode } from './node.ts'
import type { Behaviour } from './script.ts'

export interface Counters {
  readonly in: number
  readonly failed: number
}

const behaviourOf = (node: SimulatedNode, { script, stage }: SimulatedExecution): Behaviour =>
  node.override ?? script.stages?.[stage - 1] ?? script

/** A sum of rates times seconds may lie a hair below the whole number that it means. */
const HAIR = 1e-6

export const countersAt = (one: SimulatedExecution, atMs: number): Counters => {
  const seconds = one.countsSinceMs === undefined ? 0 : Math.max(0, atMs - one.countsSinceMs) / 1_000
  return {
    in: Math.floor(one.counted.in + seconds * one.rates.in + HAIR),
    failed: Math.floor(one.counted.failed + seconds * one.rates.failed + HAIR),
  }
}

/** From now on it counts as it behaves now; `isCounting`: whether it has a running process from now on. */
export const count = (node: SimulatedNode, one: SimulatedExecution, nowMs: number, isCounting: boolean): void => {
  if (one.countsSinceMs !== undefined) {
    const seconds = Math.max(0, nowMs - one.countsSinceMs) / 1_000
    one.counted = {
      in: one.counted.in + seconds * one.rates.in,
      failed: one.counted.failed + seconds * one.rates.failed,
    }
  }
  one.countsSinceMs = isCounting ? nowMs : undefined
  const { script } = one
  const behaviour = behaviourOf(node, one)
  one.rates = {
    in: behaviour.inPerSecond ?? script.inPerSecond ?? 10,
    failed: behaviour.failedPerSecond ?? script.failedPerSecond ?? 0,
  }
  one.disturbed = behaviour.disturbed ?? script.disturbed ?? ''
}

/** Cuts every window that has ended, each at its own end; true when one was cut. */
export const cutWindows = (node: SimulatedNode, one: SimulatedExecution, nowMs: number): boolean => {
  const before = one.cutting.n
  for (;;) {
    const endMs = nextEndMs(one.cutting)
    if (endMs === undefined || endMs > nowMs) break
    const disturbed = one.state === 'degraded' ? 'r' : one.disturbed
    const counters = one.countsSinceMs === undefined ? one.counted : countersAt(one, endMs)
    const sample = { in: Math.floor(counters.in + HAIR), failed: Math.floor(counters.failed + HAIR) }
    const { n } = one.cutting
    one.cutting = cut(one.cutting, endMs, { ...sample, running: one.state === 'running', disturbed })
    // Sums of floating point numbers may fall short of the end that they were made from.
    if (one.cutting.n === n)
      one.cutting = cut(one.cutting, endMs + 1, { ...sample, running: one.state === 'running', disturbed })
    nextStage(node, one, endMs)
  }
  return one.cutting.n > before
}

const nextStage = (node: SimulatedNode, one: SimulatedExecution, endMs: number): void => {
  const stages = one.script.stages ?? []
  const before = one.stage
  while ((stages[one.stage]?.fromWindow ?? Infinity) <= one.cutting.n + 1) one.stage += 1
  if (one.stage !== before) count(node, one, endMs, one.countsSinceMs !== undefined)
}

export const isValidating = (one: SimulatedExecution): boolean => stillValidating(one.cutting)

/** The present window shows a restart, whenever it is cut. */
export const disturbByRestart = (one: SimulatedExecution): void => {
  one.cutting = disturb(one.cutting, 'r')
}
