/** `container.json` in a task's directory: which container the attempt is, and how it ended, for whoever restarts. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod/mini'
import { readText, writeAtomically } from '../task-dir.ts'

const exitSchema = z.object({
  /** Null: nobody saw it. */
  code: z.nullable(z.int()),
  oom: z.boolean(),
  /** ms since the epoch. */
  at: z.number(),
  error: z.optional(z.string()),
})
export type ContainerExit = z.output<typeof exitSchema>

const fileSchema = z.object({
  attempt: z.int(),
  id: z.string(),
  image: z.string(),
  /** Whoever sweeps without an agent speaks to the engine there. */
  engine: z.string(),
  /** False until the engine was told to start it. */
  started: z.boolean(),
  /** What limits its memory, for the cause of an end by signal 9. */
  memory: z.optional(z.int()),
  exit: z.optional(exitSchema),
})
export type ContainerFile = z.output<typeof fileSchema>

export const readContainerFile = (dir: string): ContainerFile | undefined => {
  try {
    return fileSchema.parse(JSON.parse(readText(join(dir, 'container.json')) ?? ''))
  } catch {
    return undefined
  }
}

export const removeContainerFile = (dir: string): void => rmSync(join(dir, 'container.json'), { force: true })

export const writeContainerFile = (dir: string, file: ContainerFile): void =>
  writeAtomically(join(dir, 'container.json'), JSON.stringify(file))
