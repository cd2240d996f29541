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
import { createLogReader, type LogReader } from './log-reader.ts'
import { readPosition } from './position.ts'
import { tailPosition } from './tail.ts'

/** How often a followed file is looked at. A look is a few calls of the kernel, and only while somebody follows. */
const LOOK_EVERY_MS = 100

interface Followed {
  /** As last seen: it may be forgotten while its output is still on its way. */
  one: Execution
  readonly sources: readonly { readonly stream: OutputStream; readonly reader: LogReader }[]
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
      const known = readPosition(question.from?.[`${execution}/${stream}`] ?? '')
      const tail = atFirst && question.tail !== undefined ? tailPosition(dir, stream, question.tail) : undefined
      return { stream, reader: createLogReader(dir, stream, known ?? tail) }
    })
    followed.set(execution, { one, sources, done: false })
  }

  /** Everything that is there now, in turns; false when nobody wants more. */
  async function tell(each: Followed): Promise<boolean> {
    const { execution: x } = each.one.entry
    const known = facts.runner.executions.has(x)
    // Asked before the files are: what was written until then is read below.
    const final = !known || each.one.phase.is === 'ended'
    for (let anything = true; anything;) {
      anything = false
      for (const { stream: s, reader } of each.sources) {
        if (!(await out.ready())) return false
        const part = reader.next(final || !question.follow)
        if (part === undefined) continue
        anything = true
        if (part.is === 'gap') put({ is: 'gap', x, s })
        else put({ is: 'text', x, s, at: part.at }, part.bytes)
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
