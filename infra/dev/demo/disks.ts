/** What lies on the nodes' disks: which execution runs there, of which content, as which process. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { PlannedNode } from '../node-plan.ts'
import { unexpected } from './follow-story.ts'

export interface OnDisk {
  readonly execution: string
  readonly version: number
  /** Hash of the content. */
  readonly content: string
  /** The process and when it began: another process of the same execution has another text here. */
  readonly process: string
  readonly mapping: string
}

const SOON_MS = 5_000

/** The one task of a node. What has ended is removed soon after, so this waits until there is only one. */
export const readDisk = async ({ id, dataDir }: PlannedNode): Promise<OnDisk> => {
  const folder = join(dataDir, 'tasks')
  return soon(`${id} has not exactly one task on its disk`, () => {
    const [task, ...others] = readdirSync(folder)
    if (task === undefined || others.length > 0) return undefined
    const { entry, content } = JSON.parse(readFileSync(join(folder, task, 'task.json'), 'utf8')) as {
      entry: { execution: string; version: number; content: string }
      content: { config: { pipeline: { processors: readonly { mapping?: string }[] } } }
    }
    return {
      execution: entry.execution,
      version: entry.version,
      content: entry.content,
      process: readFileSync(join(folder, task, 'pid'), 'utf8'),
      mapping: content.config.pipeline.processors[0]?.mapping ?? '',
    }
  })
}

/** The last line of the task's standard output, where its `stdout: {}` output writes. */
export const processedLine = async ({ id, dataDir }: PlannedNode, execution: string): Promise<string> =>
  soon(`no processed line came out on ${id}`, () =>
    readFileSync(join(dataDir, 'tasks', execution, 'logs', 'stdout'), 'utf8')
      .split('\n')
      .findLast((one) => one.includes('"processed_at"') && one.endsWith('}')),
  )

const soon = async <T>(otherwise: string, look: () => T | undefined): Promise<T> => {
  const deadline = performance.now() + SOON_MS
  for (;;) {
    const seen = unlessMissing(look)
    if (seen !== undefined) return seen
    if (performance.now() > deadline) throw unexpected(otherwise)
    await delay(100)
  }
}

/** A file that is not there yet, or not any more. */
const unlessMissing = <T>(look: () => T | undefined): T | undefined => {
  try {
    return look()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
