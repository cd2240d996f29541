/** `rpc.<node>.results`: the file that a query left in its task's directory, as it is. */
import { DunlinError, type ResultItem, type resultsQuestionSchema } from '@dunlin/contracts/agent'
import { open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type * as z from 'zod/mini'
import { taskDirOf, type Execution } from '../converge/execution.ts'
import { readProgress, readResult } from '../drivers/query/result-file.ts'
import type { RpcFacts } from './method.ts'
import type { Out } from './streams.ts'

const PART_BYTES = 60 * 1024

export const sendResults = async (
  facts: RpcFacts,
  { job, execution }: z.output<typeof resultsQuestionSchema>,
  out: Out,
): Promise<unknown> => {
  const all = [...facts.runner.executions.values()]
    .filter(({ entry }) => entry.job.namespace === job.namespace && entry.job.name === job.name)
    .filter(({ entry }) => execution === undefined || entry.execution === execution)
    .toSorted((a, b) => a.entry.generation[0] - b.entry.generation[0] || a.entry.generation[1] - b.entry.generation[1])
  const one = all.at(-1)
  if (one === undefined)
    throw new DunlinError('execution_not_found', `Node ${facts.node} holds no execution of this job.`, {
      hint: 'A result is deleted with its execution, when a later one has taken its place.',
    })
  const { execution: x } = one.entry
  const dir = taskDirOf(facts.dataDir, x)
  const result = readResult(dir)
  const put = async (item: ResultItem, bytes?: Uint8Array): Promise<boolean> => {
    if (!(await out.ready())) return false
    out.item(item, bytes)
    return true
  }
  if (result === undefined) return void (await put(noneItem(one, readProgress(dir)?.percent)))
  const { format, columns, rows, bytes, truncated, millis } = result
  // Opened before it is announced: what is deleted afterwards can still be read to its end.
  const file = await open(join(dir, basename(result.file)), 'r')
  try {
    if (!(await put({ is: 'head', x, format, columns, rows, bytes, truncated, millis }))) return undefined
    for (let at = 0; ;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PART_BYTES), 0, PART_BYTES, at)
      if (bytesRead === 0 || !(await put({ is: 'data', x }, buffer.subarray(0, bytesRead)))) return undefined
      at += bytesRead
    }
  } finally {
    await file.close()
  }
}

const noneItem = ({ entry, latest }: Execution, percent: number | null | undefined): ResultItem => ({
  is: 'none',
  x: entry.execution,
  state: latest.state,
  ...(latest.error === undefined ? {} : { error: latest.error.message }),
  ...(percent === undefined || latest.state !== 'running' ? {} : { percent }),
})
