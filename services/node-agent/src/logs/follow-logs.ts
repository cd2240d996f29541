/** `rpc.<node>.logs`: what the executions of one job write here, last lines first and then as it comes. */
import {
  DunlinError,
  type ExecutionId,
  type LogItem,
  type LogsQuestion,
  type OutputStream,
} from '@dunlin/contracts/agent'
import { sleep } from '@dunlin/runtime/agent'
import { taskDirOf, type Execution } from '../converge/execution.ts'
import type { RpcFacts } from '../rpc/method.ts'
import type { Out } from '../rpc/streams.ts'
import { logFiles } from './log-files.ts'
import { createLogReader, type LogReader } from './log-reader.ts'
import { bytesBehind, readPosition } from './position.ts'
import { tailPosition } from './tail.ts'

/** How often a followed file is looked at. A look is a few calls of the kernel, and only while somebody follows. */
const LOOK_EVERY_MS = 100

interface Source {
  readonly stream: OutputStream
  readonly reader: LogReader
  /** Bytes that were there when it was asked for. */
  readonly there: number
}

interface Followed {
  /** As last seen: it may be forgotten while its output is still on its way. */
  one: Execution
  readonly sources: readonly Source[]
  done: boolean
}

export const followLogs = async (facts: RpcFacts, question: LogsQuestion, out: Out): Promise<unknown> => {
  const { clock } = facts
  const followed = new Map<ExecutionId, Followed>()
  try {
    for (const one of firstOf(facts, question)) follow(one, true)
    for (;;) {
      if (question.follow && question.execution === undefined)
        for (const one of ofJob(facts, question)) if (isLive(one)) follow(one, false)
      for (const each of followed.values()) {
        each.one = facts.runner.executions.get(each.one.entry.execution) ?? each.one
        if (!each.done && !(await tell(each))) return undefined
      }
      if (isOver()) return { executions: followed.size }
      await sleep(clock, LOOK_EVERY_MS, out.signal)
      if (out.signal.aborted) return undefined
    }
  } finally {
    for (const { sources } of followed.values()) for (const { reader } of sources) reader.close()
  }

  function follow(one: Execution, atFirst: boolean): void {
    const { execution } = one.entry
    if (followed.has(execution)) return
    const dir = taskDirOf(facts.dataDir, execution)
    const sources = question.streams.map((stream) => {
      // One look for both: of a task that writes meanwhile, what came between would be told as one of the last lines.
      const files = logFiles(dir, stream)
      const known = readPosition(question.from?.[`${execution}/${stream}`] ?? '')
      const start = known ?? (atFirst && question.tail !== undefined ? tailPosition(files, question.tail) : undefined)
      return { stream, reader: createLogReader(dir, stream, start), there: bytesBehind(files, start) }
    })
    followed.set(execution, { one, sources, done: false })
  }

  /** Everything that is there, in turns; false when nobody wants more. */
  async function tell(each: Followed): Promise<boolean> {
    const { execution: x } = each.one.entry
    const known = facts.runner.executions.has(x)
    // Asked before the files are: what was written until then is read below.
    const final = !known || each.one.phase.is === 'ended'
    // A task that writes faster than somebody reads would keep who asked for the last line reading for ever.
    const left = each.sources.map(({ there }) => (final || question.follow ? Infinity : there))
    for (let anything = true; anything;) {
      anything = false
      for (const [i, { stream: s, reader }] of each.sources.entries()) {
        const wanted = left[i] ?? 0
        if (wanted <= 0) continue
        if (!(await out.ready())) return false
        const part = reader.next(final || !question.follow)
        if (part === undefined) continue
        anything = true
        if (part.is === 'gap') {
          put({ is: 'gap', x, s })
          continue
        }
        left[i] = wanted - part.bytes.byteLength
        put({ is: 'text', x, s, at: part.at }, upTo(part.bytes, wanted))
      }
    }
    if (!final) {
      each.done = !question.follow
      return true
    }
    if (!(await out.ready())) return false
    put(endedItem(each.one))
    each.done = true
    return true
  }

  function put(item: LogItem, bytes?: Uint8Array): void {
    out.item(item, bytes)
  }

  /** Following ends with the job's last execution here, not while the next one is on its way. */
  function isOver(): boolean {
    if ([...followed.values()].some(({ done }) => !done)) return false
    if (!question.follow || question.execution !== undefined) return true
    return !isExpected(facts, question)
  }
}

/** So many bytes, and the rest of the line that they end in. */
const upTo = (bytes: Uint8Array, wanted: number): Uint8Array => {
  const newline = bytes.byteLength <= wanted ? -1 : bytes.indexOf(10, wanted - 1)
  return newline < 0 ? bytes : bytes.subarray(0, newline + 1)
}

const ofJob = ({ runner }: RpcFacts, { job }: LogsQuestion): Execution[] =>
  [...runner.executions.values()].filter(
    ({ entry }) => entry.job.namespace === job.namespace && entry.job.name === job.name,
  )

const isLive = ({ phase }: Execution): boolean => phase.is !== 'ended'

/** The one that was asked for, or the latest, those that were being read, and whatever else runs. */
const firstOf = (facts: RpcFacts, question: LogsQuestion): Execution[] => {
  const all = ofJob(facts, question).toSorted((a, b) => order(a) - order(b))
  const { execution, from = {} } = question
  if (execution !== undefined) {
    const one = all.find(({ entry }) => entry.execution === execution)
    if (one) return [one]
    throw new DunlinError('execution_not_found', `Node ${facts.node} holds no execution ${execution} of this job.`, {
      hint: 'What an execution wrote is deleted with it, when a later one has taken its place.',
    })
  }
  const latest = all.findLast(({ local }) => local.attempt > 0) ?? all.at(-1)
  const read = new Set(Object.keys(from).map((key) => key.slice(0, key.lastIndexOf('/'))))
  return all.filter((one) => one === latest || read.has(one.entry.execution) || (question.follow && isLive(one)))
}

const order = ({ entry }: Execution): number => entry.generation[0] * 2 ** 40 + entry.generation[1]

/** Something of the job runs, or the document says that something shall. */
const isExpected = (facts: RpcFacts, question: LogsQuestion): boolean => {
  const { job } = question
  const executions = facts.documents.held()?.executions ?? []
  return (
    ofJob(facts, question).some(isLive) ||
    executions.some(
      (entry) =>
        entry.job.namespace === job.namespace &&
        entry.job.name === job.name &&
        entry.desired === 'running' &&
        !facts.runner.executions.has(entry.execution),
    )
  )
}

const endedItem = ({ entry, latest }: Execution): LogItem => ({
  is: 'ended',
  x: entry.execution,
  state: latest.state,
  ...(latest.exit === undefined ? {} : { code: latest.exit.code, signal: latest.exit.signal }),
  ...(latest.error === undefined ? {} : { error: latest.error.message }),
})
