/**
 * The logs of a job from all of its nodes at once. Following takes in nodes that come later and executions that replace
 * others, and ends when the job has nothing more to run.
 */
import type { LogRecord, NodeId } from '@dunlin/contracts'
import { sleep } from '@dunlin/runtime'
import type { StreamPorts } from './ask-stream.ts'
import type { JobNode } from './job-nodes.ts'
import { createNodeLogs, type LogsAsked, type NodeLogs } from './node-logs.ts'

export interface JobLogsOptions {
  readonly ports: StreamPorts
  readonly asked: LogsAsked
  /** Where the job is now, as far as it was asked for. */
  readonly nodes: () => readonly JobNode[]
  readonly isHeard: (node: NodeId) => boolean
  /** Whether more may be placed or granted. */
  readonly isActive: () => boolean
  readonly put: (record: LogRecord) => Promise<void>
  readonly signal: AbortSignal
}

/** Read at the same time. Each may have some parts waiting here, so this bounds memory. */
const MOST_AT_ONCE = 200
const PARTS_WAITING = 128
const LOOK_EVERY_MS = 500

export const readJobLogs = async (options: JobLogsOptions): Promise<void> => {
  const { ports, asked, isHeard, put, signal } = options
  const logs = new Map<NodeId, NodeLogs>()
  const running = new Set<Promise<void>>()
  const leftOut = new Set<NodeId>()
  let waiting = false

  const wanted = (): JobNode[] =>
    options
      .nodes()
      .filter(({ executions }) => asked.execution === undefined || executions.some(({ id }) => id === asked.execution))

  const window = Math.max(2, Math.floor(PARTS_WAITING / Math.max(1, Math.min(MOST_AT_ONCE, wanted().length))))

  const read = (node: NodeId): void => {
    const one =
      logs.get(node) ?? createNodeLogs({ ports, node, asked, window, put, signal, isHeard: () => isHeard(node) })
    logs.set(node, one)
    const reading: Promise<void> = one.read().finally(() => running.delete(reading))
    running.add(reading)
  }

  /** Never read, or read to an end after which something new runs there. */
  const isDue = ({ node, executions }: JobNode): boolean => {
    const one = logs.get(node)
    if (one === undefined) return true
    return asked.follow && one.over() && executions.some(({ id, live }) => live && !one.ended.has(id))
  }

  if (!asked.follow) {
    for (const { node } of wanted()) {
      while (running.size >= MOST_AT_ONCE) await Promise.race(running)
      if (signal.aborted) return
      read(node)
    }
    await Promise.all(running)
    return
  }
  for (;;) {
    const nodes = wanted()
    for (const each of nodes.filter(isDue)) {
      if (running.size < MOST_AT_ONCE) read(each.node)
      else if (!leftOut.has(each.node)) {
        leftOut.add(each.node)
        await put({ type: 'node', node: each.node, is: 'left_out' })
      }
    }
    if (running.size === 0 && (nodes.length > 0 || asked.execution !== undefined || !options.isActive())) {
      if (!nodes.some(isDue)) return
    } else if (running.size === 0 && !waiting) {
      waiting = true
      await put({ type: 'waiting' })
    }
    await Promise.race([sleep(ports.clock, LOOK_EVERY_MS, signal), ...running])
    if (signal.aborted) return
  }
}
