/**
 * What a simulated agent does with a document: the rules of `converge` for executions that start and stop at once. It is
 * written out because 100,000 agents in one process must cost little; a test holds it to `converge`.
 */
import {
  compareGenerations,
  type DesiredDocument,
  type DesiredExecution,
  type ReportedState,
} from '@dunlin/contracts/agent'
import { finishCutting } from '@dunlin/domain/agent'
import { count } from './acting.ts'
import { isOver, newExecution, transitionOf, type SimulatedExecution, type SimulatedNode } from './node.ts'
import type { Script, Scripts } from './script.ts'

export interface Instant {
  /** Wall clock. */
  readonly at: number
  /** Monotonic. */
  readonly nowMs: number
}

/** A newcomer that waits for its content before it says `starting`. */
export interface Later {
  readonly entry: DesiredExecution
  readonly script: Script
  readonly inMs: number
}

/** Takes a newer document; undefined when it changes nothing, otherwise the newcomers that come later. */
export const takeDocument = (
  node: SimulatedNode,
  document: DesiredDocument,
  scripts: Scripts,
  instant: Instant,
): readonly Later[] | undefined => {
  if (document.node !== node.id || compareGenerations(document.generation, node.generation) <= 0) return undefined
  node.generation = document.generation
  // What ended under the document before is forgotten by now: named again, after a raise of the epoch, it begins anew.
  forget(node)
  const wanted = new Map<string, DesiredExecution>()
  for (const entry of document.executions) wanted.set(entry.execution, entry)
  node.wanted = wanted
  for (const one of node.executions.values()) {
    const entry = wanted.get(one.entry.execution)
    if (entry) one.entry = entry
    if (entry?.desired === 'running' || isOver(one.state) || (!entry && isKept(node, one))) continue
    report(node, one, 'stopped', instant)
  }
  const later: Later[] = []
  for (const entry of document.executions) {
    if (!mayBegin(node, entry)) continue
    const { execution, job, version, content, health } = entry
    const script = scripts({ node: node.id, execution, job, version, content, health })
    const inMs = script.announcesInMs ?? 0
    if (inMs > 0) later.push({ entry, script, inMs })
    else begin(node, entry, script, instant)
  }
  forget(node)
  return later
}

/** Says `starting` of a newcomer, if the document that is held still wants it. */
export const beginLater = (node: SimulatedNode, { entry, script }: Later, instant: Instant): boolean => {
  const now = node.wanted.get(entry.execution)
  if (!now || !mayBegin(node, now)) return false
  begin(node, now, script, instant)
  return true
}

const begin = (node: SimulatedNode, entry: DesiredExecution, script: Script, instant: Instant): void => {
  const one = newExecution(entry, script, instant.nowMs)
  node.executions.set(entry.execution, one)
  report(node, one, 'starting', instant)
}

const mayBegin = (node: SimulatedNode, entry: DesiredExecution): boolean =>
  entry.desired === 'running' && !node.executions.has(entry.execution) && !isOvertaken(node, entry)

/** The node was told something newer of this job. */
const isOvertaken = (node: SimulatedNode, entry: DesiredExecution): boolean => {
  for (const one of node.executions.values()) if (overtakes(one, entry)) return true
  return false
}

const overtakes = (one: SimulatedExecution, entry: DesiredExecution): boolean =>
  sameJob(one.entry, entry) && compareGenerations(one.entry.generation, entry.generation) > 0

/** An activated execution that the document does not name runs on until its replacement may start, or for good if it is newer. */
const isKept = (node: SimulatedNode, one: SimulatedExecution): boolean => {
  if (!one.started) return false
  for (const entry of node.wanted.values()) {
    if (entry.desired !== 'running' || !sameJob(entry, one.entry)) continue
    const named = node.executions.get(entry.execution)
    if (!isActive(named) && isOvertaken(node, entry)) return overtakes(one, entry) && !isOvertaken(node, one.entry)
    if (!isOver(named?.state ?? 'starting')) return true
  }
  return false
}

export const report = (
  node: SimulatedNode,
  one: SimulatedExecution,
  state: ReportedState,
  instant: Instant,
  error?: { readonly code: string; readonly message: string },
): void => {
  become(node, one, state, instant, error)
  tell(node, one)
}

/** Known on the node, and shown in heartbeats; not told to the log. */
export const become = (
  node: SimulatedNode,
  one: SimulatedExecution,
  state: ReportedState,
  { at, nowMs }: Instant,
  error?: { readonly code: string; readonly message: string },
): void => {
  one.state = state
  count(node, one, nowMs, state === 'running')
  if (isOver(state)) one.cutting = finishCutting(one.cutting, nowMs)
  one.latest = error ? { ...transitionOf(one, state, at), error } : transitionOf(one, state, at)
}

export const tell = (node: SimulatedNode, one: SimulatedExecution): void => {
  if (!one.latest) return
  one.toldState = one.state
  node.j += 1
  const transition = one.untold > 0 ? { ...one.latest, replaces: one.untold } : one.latest
  one.untold = 0
  node.outbox.push({ j: node.j, transition })
}

/** The log has `starting`: stops the execution that it replaces. */
export const activate = (node: SimulatedNode, one: SimulatedExecution, instant: Instant): void => {
  one.started = true
  one.attempt = 1
  for (const other of node.executions.values()) {
    if (other === one || isOver(other.state) || !sameJob(other.entry, one.entry)) continue
    if (compareGenerations(other.entry.generation, one.entry.generation) <= 0) report(node, other, 'stopped', instant)
  }
}

const isActive = (one: SimulatedExecution | undefined): boolean =>
  one !== undefined && one.started && !isOver(one.state)

const sameJob = (a: DesiredExecution, b: DesiredExecution): boolean =>
  a.job.name === b.job.name && a.job.namespace === b.job.namespace

/** Forgets what is over and not named, once it was told; not what keeps an older entry of its job out. */
export const forget = (node: SimulatedNode): void => {
  if (node.outbox.length > 0) return
  for (const [id, one] of node.executions) {
    if (!isOver(one.state) || node.wanted.has(id)) continue
    let keepsOut = false
    for (const entry of node.wanted.values())
      keepsOut ||=
        entry.desired === 'running' && overtakes(one, entry) && !isActive(node.executions.get(entry.execution))
    if (!keepsOut) node.executions.delete(id)
  }
}
