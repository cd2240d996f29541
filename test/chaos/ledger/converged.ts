/** Whether what runs on the nodes is what the log wants: seen in /proc and in what tasks wrote, not asked of anybody. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isUpdate, labelsOf, type ChaosJob } from '../load/jobs.ts'
import type { Marked } from '../world/marked.ts'
import type { Witnessed } from './witness.ts'
import type { Wishes } from './wished.ts'

interface Seen {
  readonly nodesDir: string
  readonly nodes: number
  readonly jobs: readonly ChaosJob[]
  readonly managedFile: string
  readonly wishes: Wishes
  readonly tasks: readonly Marked[]
  readonly witnessed: readonly Witnessed[]
  /** Whether the log tells that this execution waits for its next attempt: it is right without a process. */
  readonly waits: (execution: string) => boolean
}

const describe = ({ node, job, execution, attempt, pid, command }: Marked): string =>
  `${node} ${job} ${execution}/${attempt ?? '?'} pid ${pid} (${command.trim()})`

const textOf = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** A pipeline has no mark in its environment; its order lies beside it. */
const orderHolds = (tasksDir: string, execution: string, mark: string): boolean =>
  textOf(join(tasksDir, execution, 'pipeline.json'))?.includes(`"${mark}`) ?? false

const runsMark = (tasksDir: string, one: Marked, mark: string): boolean =>
  one.mark === undefined ? orderHolds(tasksDir, one.execution, mark) : one.mark === mark

const pipelinesOf = (tasksDir: string, mark: string): readonly string[] =>
  existsSync(tasksDir) ? readdirSync(tasksDir).filter((execution) => orderHolds(tasksDir, execution, mark)) : []

/** Sentences about what is not (yet) as wanted; none when everything is. */
export const differences = ({
  nodesDir,
  managedFile,
  nodes,
  jobs,
  wishes,
  tasks,
  witnessed,
  waits,
}: Seen): readonly string[] => {
  const found: string[] = []
  for (const job of jobs) {
    const { name, behaviour, on } = job
    // What updates bring is looked at on its own; what they run in passing is over.
    if (isUpdate(job)) {
      for (const one of tasks) if (one.job === name) found.push(`${describe(one)} has not ended`)
      continue
    }
    const mark = wishes.jobs.get(name)
    if (behaviour === 'config') {
      const held = textOf(managedFile)
      if (mark !== undefined && held !== `${mark}\n`)
        found.push(`${managedFile} holds ${held ?? 'nothing'}, not ${mark}`)
      continue
    }
    for (let n = 1; n <= nodes; n += 1) {
      const node = `edge-${n}`
      const tasksDir = join(nodesDir, node, 'tasks')
      const here = tasks.filter((one) => one.node === node && one.job === name)
      if (mark === undefined || wishes.drained.has(node) || !labelsOf(n).includes(`on-${on}=yes`)) {
        for (const one of here) found.push(`${describe(one)} is left over`)
        continue
      }
      const attempts = new Set(here.map(({ execution, attempt }) => `${execution}/${attempt ?? '?'}`))
      if (attempts.size > 1) found.push(`${node} ${name} runs as ${[...attempts].join(' and ')}`)
      for (const one of here)
        if (!runsMark(tasksDir, one, mark)) found.push(`${describe(one)} is of another version than ${mark}`)
      if (behaviour === 'crashes') continue
      const runs = witnessed.filter((one) => one.is === 'start' && one.node === node && one.more === mark)
      const begun = behaviour === 'pipeline' ? pipelinesOf(tasksDir, mark) : runs.map(({ execution }) => execution)
      const isBetween = attempts.size === 0 && begun.some(waits)
      if (behaviour !== 'completes') {
        if (attempts.size === 0 && !isBetween) found.push(`${node} ${name} does not run; ${mark} is wanted`)
        continue
      }
      for (const one of here) found.push(`${describe(one)} has not ended`)
      const isDone = runs.some(({ execution }) =>
        witnessed.some((one) => one.is === 'exit' && one.execution === execution && one.what === '0'),
      )
      if (!isDone && !isBetween) found.push(`${node} ${name} has not completed ${mark}`)
    }
  }
  return found
}
