/**
 * `task.json` in a task's directory: enough to know the execution again when the journal was lost, so that no process
 * runs on without anybody knowing what it is.
 */
import { contentSchema, desiredExecutionSchema, transitionSchema, type Content } from '@dunlin/contracts/agent'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod/mini'
import { readText, writeAtomically } from '../drivers/task-dir.ts'
import type { KnownExecution, LocalState } from '../journal/journal.ts'
import { taskDirOf, type Execution } from './execution.ts'

export const TASK_RECORD = 'task.json'

const recordSchema = z.object({
  entry: desiredExecutionSchema,
  latest: transitionSchema,
  content: contentSchema,
  local: z.looseObject({ attempt: z.int(), streak: z.int(), startingAt: z.number(), attemptAt: z.number() }),
})

export type TaskRecord = Omit<KnownExecution, 'j'> & { readonly content: Content }

export const writeTaskRecord = (dataDir: string, { entry, latest, local }: Execution, content: Content): void => {
  const dir = taskDirOf(dataDir, entry.execution)
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  writeAtomically(join(dir, TASK_RECORD), JSON.stringify({ entry, latest, local, content }))
}

/** Task directories of executions that are not in `known`; without a record when theirs cannot be read. */
export const orphanTasks = (
  dataDir: string,
  known: ReadonlySet<string>,
): { readonly name: string; readonly dir: string; readonly record: TaskRecord | undefined }[] => {
  const root = join(dataDir, 'tasks')
  if (!existsSync(root)) return []
  return readdirSync(root)
    .filter((name) => !known.has(name))
    .map((name) => ({ name, dir: join(root, name), record: readRecord(join(root, name)) }))
}

const readRecord = (dir: string): TaskRecord | undefined => {
  try {
    const { entry, latest, content, local } = recordSchema.parse(JSON.parse(readText(join(dir, TASK_RECORD)) ?? ''))
    const whole: LocalState = { in: 0, failed: 0, untold: 0, ...local }
    return { entry, latest, content, local: whole }
  } catch {
    return undefined
  }
}
