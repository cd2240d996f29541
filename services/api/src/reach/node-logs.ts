/**
 * The logs of one job on one node, as records, through everything that may happen to the node: it is named when it does not
 * answer, read on from the same place when it is back, and given up when it says no.
 */
import {
  DunlinError,
  logItemSchema,
  type ExecutionId,
  type JobKey,
  type LogItem,
  type LogRecord,
  type LogsQuestion,
  type NodeId,
  type OutputStream,
} from '@dunlin/contracts'
import { sleep } from '@dunlin/runtime'
import { askStream, type StreamPorts } from './ask-stream.ts'
import { outputOf, problemIn } from './lines.ts'

export interface LogsAsked {
  readonly job: JobKey
  readonly execution: ExecutionId | undefined
  readonly streams: readonly OutputStream[]
  readonly tail: number | undefined
  readonly follow: boolean
  /** `<execution>/<stream>` to position. */
  readonly from: Readonly<Record<string, string>>
}

export interface NodeLogs {
  /** Reads to the end, or, when following, until the job has nothing more to run there. */
  read(): Promise<void>
  /** Everything that the node had was read, or it refuses to tell. */
  readonly over: () => boolean
  /** Executions whose end was told. */
  readonly ended: ReadonlySet<string>
}

interface NodeLogsOptions {
  readonly ports: StreamPorts
  readonly node: NodeId
  readonly asked: LogsAsked
  readonly window: number
  readonly isHeard: () => boolean
  readonly put: (record: LogRecord) => Promise<void>
  readonly signal: AbortSignal
}

const RETRY_MS = 500

export const createNodeLogs = (options: NodeLogsOptions): NodeLogs => {
  const { ports, node, asked, window, isHeard, put, signal } = options
  const positions: Record<string, string> = { ...asked.from }
  const ended = new Set<string>()
  let over = false
  let silent = false
  let answered = false

  const question = (): LogsQuestion => ({
    job: asked.job,
    ...(asked.execution === undefined ? {} : { execution: asked.execution }),
    streams: [...asked.streams],
    // Later executions are told from their beginning; what was read once is not told again.
    ...(answered ? { tail: 0 } : asked.tail === undefined ? {} : { tail: asked.tail }),
    follow: asked.follow,
    from: Object.fromEntries(Object.entries(positions).filter(([key]) => !ended.has(key.split('/')[0] ?? ''))),
  })

  const tell = async (item: LogItem, bytes: Uint8Array): Promise<void> => {
    const { x: execution } = item
    // It is told again by a node that is asked again.
    if (ended.has(execution)) return
    if (item.is === 'text') {
      await put({ type: 'text', node, execution, stream: item.s, ...outputOf(bytes), at: item.at })
      positions[`${execution}/${item.s}`] = item.at
    } else if (item.is === 'gap') await put({ type: 'gap', node, execution, stream: item.s })
    else {
      ended.add(execution)
      const { state, code = null, signal: by = null, error } = item
      const exit = code === null && by === null ? {} : { exit: { code, signal: by } }
      await put({ type: 'ended', node, execution, state, ...exit, ...(error === undefined ? {} : { error }) })
    }
  }

  const readOnce = async (): Promise<void> => {
    const stream = askStream(ports, { node, method: 'logs', question: question(), window, signal })
    for await (const { value, bytes } of stream) {
      if (silent) await put({ type: 'node', node, is: 'back' })
      silent = false
      answered = true
      const read = logItemSchema.safeParse(value)
      // What a later release tells beside this is passed over.
      if (read.success) await tell(read.data, bytes)
    }
  }

  /** Whether it is worth asking again. */
  const failed = async (error: unknown): Promise<boolean> => {
    if (!(error instanceof DunlinError)) throw error
    if (error.code === 'stream_interrupted') {
      await put({ type: 'node', node, is: 'interrupted', problem: problemIn(error) })
      return true
    }
    if (error.code !== 'node_offline') {
      await put({ type: 'node', node, is: 'refused', problem: problemIn(error) })
      return false
    }
    if (!silent) await put({ type: 'node', node, is: 'offline', problem: problemIn(error) })
    silent = true
    return asked.follow
  }

  const awaitReturn = async (): Promise<void> => {
    await sleep(ports.clock, RETRY_MS, signal)
    if (silent) while (!isHeard() && !signal.aborted) await sleep(ports.clock, RETRY_MS, signal)
  }

  return {
    ended,
    over: () => over,
    read: async () => {
      over = false
      while (!signal.aborted) {
        try {
          if (!silent && !isHeard()) throw new DunlinError('node_offline', `Node ${node} is not connected.`)
          await readOnce()
          if (!signal.aborted) await put({ type: 'done', node })
          break
        } catch (error) {
          if (!(await failed(error))) break
        }
        await awaitReturn()
      }
      over = true
    },
  }
}
