/**
 * What a simulated agent does with a document: the rules of `converge` for executions that start and stop at once. It is
 * written out because 100,000 agents in one process must cost little; a test holds it to `converge`.
 */
import {
  compareGenerations,
  NO_GENERATION,
  type DesiredDocument,
  type DesiredExecution,
  type ReportedState,
} from '@dunlin/contracts/agent'
import { finishCutting, startCutting } from '@dunlin/domain/agent'
import { transitionOf, type SimulatedExecution, type SimulatedNode } from './node.ts'
import type { Scripts } from './script.ts'

export interface Instant {
  /** Wall clock. */
  readonly at: number
  /** Monotonic. */
  readonly nowMs: number
}

/** Takes a newer document; false when it changes nothing. */
export const takeDocument = (
  node: SimulatedNode,
  document: DesiredDocument,
  scripts: Scripts,
  instant: Instant,
): boolean => {
  if (document.node !== node.id || compareGenerations(document.generation, node.generation) <= 0) return false
  node.generation = document.generation
  // What ended under the document before is forgotten by now: named again, after a raise of the epoch, it begins anew.
  forget(node, node.wanted)
  const wanted = new Map<string, DesiredExecution>()
  for (const entry of document.executions) wanted.set(entry.execution, entry)
  for (const one of node.executions.values()) {
    const entry = wanted.get(one.entry.execution)
    if (entry) one.entry = entry
    if (entry?.desired === 'running' || isOver(one.state)) continue
    // One that a newcomer replaces runs on until the newcomer may start.
    if (!entry && one.started && replacement(one, document, node)) continue
    report(node, one, 'stopped', instant)
  }
  for (const entry of document.executions) {
    if (entry.desired !== 'running' || node.executions.has(entry.execution)) continue
    if (newestOf(node, entry) > 0) continue
    const { execution, job, version, content } = entry
    const one: SimulatedExecution = {
      entry,
      script: scripts({ node: node.id, execution, job, version, content }),
      state: 'starting',
      started: false,
      runningSinceMs: instant.nowMs,
      endedMs: undefined,
      cutting: startCutting(entry.health, instant.nowMs),
    }
    node.executions.set(execution, one)
    report(node, one, 'starting', instant)
  }
  node.wanted = wanted
  forget(node, wanted)
  return true
}

export const report = (
  node: SimulatedNode,
  one: SimulatedExecution,
  state: ReportedState,
  { at, nowMs }: Instant,
  error?: { readonly code: string; readonly message: string },
): void => {
  one.state = state
  node.lookMs = 0
  if (isOver(state)) {
    one.endedMs ??= nowMs
    one.cutting = finishCutting(one.cutting, nowMs)
  }
  node.outbox.push(error ? { ...transitionOf(one, state, at), error } : transitionOf(one, state, at))
}

/** The log has `starting`: stops the execution that it replaces. */
export const mayActivate = (node: SimulatedNode, one: SimulatedExecution, instant: Instant): void => {
  one.started = true
  one.runningSinceMs = instant.nowMs
  for (const other of node.executions.values()) {
    if (other === one || isOver(other.state) || !sameJob(other.entry, one.entry)) continue
    if (compareGenerations(other.entry.generation, one.entry.generation) < 0) report(node, other, 'stopped', instant)
  }
}

export const isOver = (state: ReportedState): boolean =>
  state === 'stopped' || state === 'completed' || state === 'failed'

const sameJob = (a: DesiredExecution, b: DesiredExecution): boolean =>
  a.job.name === b.job.name && a.job.namespace === b.job.namespace

const replacement = (one: SimulatedExecution, document: DesiredDocument, node: SimulatedNode): boolean =>
  document.executions.some(
    (entry) =>
      entry.desired === 'running' &&
      sameJob(entry, one.entry) &&
      !isOver(node.executions.get(entry.execution)?.state ?? 'starting'),
  )

/** Positive when the node was told something newer of this job. */
const newestOf = (node: SimulatedNode, entry: DesiredExecution): number => {
  let newest = NO_GENERATION
  for (const one of node.executions.values()) {
    if (sameJob(one.entry, entry) && compareGenerations(one.entry.generation, newest) > 0) newest = one.entry.generation
  }
  return compareGenerations(newest, entry.generation)
}

const forget = (node: SimulatedNode, wanted: ReadonlyMap<string, DesiredExecution>): void => {
  if (node.outbox.length > 0) return
  for (const [id, one] of node.executions) if (isOver(one.state) && !wanted.has(id)) node.executions.delete(id)
}
