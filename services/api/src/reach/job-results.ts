/** What the queries of a job found, from all of its nodes at once. */
import {
  DunlinError,
  resultItemSchema,
  type ExecutionId,
  type JobKey,
  type NodeId,
  type ResultItem,
  type ResultRecord,
} from '@dunlin/contracts'
import { askStream, type StreamPorts } from './ask-stream.ts'
import type { JobNode } from './job-nodes.ts'
import { outputOf, problemIn } from './lines.ts'

export interface JobResultsOptions {
  readonly ports: StreamPorts
  readonly job: JobKey
  readonly execution: ExecutionId | undefined
  readonly nodes: readonly JobNode[]
  readonly put: (record: ResultRecord) => Promise<void>
  readonly signal: AbortSignal
}

/** Read at the same time; bounds what waits here. */
const MOST_AT_ONCE = 16
const PARTS_WAITING = 8

export const readJobResults = async (options: JobResultsOptions): Promise<void> => {
  const { signal, nodes } = options
  const left = [...nodes]
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next && !signal.aborted; next = left.shift()) await readNode(options, next)
  }
  await Promise.all(Array.from({ length: MOST_AT_ONCE }, work))
}

const readNode = async (options: JobResultsOptions, { node, connected }: JobNode): Promise<void> => {
  const { ports, job, execution, put, signal } = options
  try {
    if (!connected) throw new DunlinError('node_offline', `Node ${node} is not connected.`)
    const question = { job, ...(execution === undefined ? {} : { execution }) }
    const parts = askStream(ports, { node, method: 'results', question, window: PARTS_WAITING, signal })
    for await (const { value, bytes } of parts) {
      const read = resultItemSchema.safeParse(value)
      if (read.success) await put(recordOf(node, read.data, bytes))
    }
    await put({ type: 'done', node })
  } catch (error) {
    if (!(error instanceof DunlinError)) throw error
    const is =
      error.code === 'node_offline' ? 'offline' : error.code === 'stream_interrupted' ? 'interrupted' : 'refused'
    await put({ type: 'node', node, is, problem: problemIn(error) })
  }
}

const recordOf = (node: NodeId, item: ResultItem, bytes: Uint8Array): ResultRecord => {
  const { x: execution } = item
  if (item.is === 'data') return { type: 'data', node, execution, ...outputOf(bytes) }
  if (item.is === 'none') {
    const { state, error, percent } = item
    return {
      type: 'none',
      node,
      execution,
      state,
      ...(error === undefined ? {} : { error }),
      ...(percent === undefined ? {} : { percent }),
    }
  }
  const { format, columns, rows, bytes: size, truncated, millis } = item
  return { type: 'result', node, execution, format, columns, rows, bytes: size, truncated, millis }
}
