/**
 * The text of a simulated heartbeat. It is put together by hand from parts that are kept: a fleet in one process sends
 * hundreds of thousands in a simulated hour, and little else costs as much. A test reads it with the schema.
 */
import { HEARTBEAT_SCHEMA } from '@dunlin/contracts/agent'
import { shownEnds } from '@dunlin/domain/agent'
import { countersAt } from './acting.ts'
import type { SimulatedExecution, SimulatedNode } from './node.ts'

export const heartbeatText = (node: SimulatedNode, nowMs: number, at: number, bye: boolean): string => {
  const { id, boot, generation } = node
  node.head ??= `{"s":${HEARTBEAT_SCHEMA},"node":${JSON.stringify(id)},"boot":"${boot}","n":`
  node.beats += 1
  let text = `${node.head}${node.beats},"at":${at},"gen":[${generation[0]},${generation[1]}],"rep":${node.expected ?? 0},"ex":[`
  let first = true
  for (const one of node.executions.values()) {
    text += first ? executionText(one, nowMs) : `,${executionText(one, nowMs)}`
    first = false
  }
  return bye ? `${text}],"bye":true}` : `${text}]}`
}

const executionText = (one: SimulatedExecution, nowMs: number): string => {
  const { entry, attempt } = one
  if (one.headOf !== entry) {
    one.headOf = entry
    one.head = `{"x":"${entry.execution}","g":[${entry.generation[0]},${entry.generation[1]}],"st":"`
  }
  const { in: total, failed } = countersAt(one, nowMs)
  const row = `${one.head}${one.state}","in":${total},"er":${failed},"rs":${attempt > 1 ? attempt - 1 : 0}`
  const ends = shownEnds(one.cutting, nowMs)
  if (ends.length === 0) return `${row}}`
  let windows = ''
  for (const [n, inAll, failedAll, mark] of ends)
    windows += `${windows === '' ? '' : ','}[${n},${inAll},${failedAll},"${mark}"]`
  return `${row},"w":[${windows}]}`
}
