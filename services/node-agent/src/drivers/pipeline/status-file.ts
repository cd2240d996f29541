/**
 * What a pipeline process tells its agent: one small file, replaced by rename. A file and not a socket, because it is
 * there for whichever agent looks, whenever it looks, and after the process is gone.
 */
import { join } from 'node:path'
import * as z from 'zod/mini'
import type { ContentProblem } from '@dunlin/domain/agent'
import { redactorOf } from '../../secrets/redact.ts'
import { readText, writeAtomically } from '../task-dir.ts'

const statusSchema = z.object({
  /** The attempt that wrote it. */
  attempt: z.int(),
  /** Cumulative over all attempts. */
  in: z.int(),
  failed: z.int(),
  out: z.int(),
  inputConnected: z.boolean(),
  outputConnected: z.boolean(),
})
export type PipelineStatus = z.output<typeof statusSchema>

export const readStatus = (dir: string): PipelineStatus | undefined => {
  try {
    return statusSchema.parse(JSON.parse(readText(join(dir, 'status.json')) ?? ''))
  } catch {
    return undefined
  }
}

export const writeStatus = (dir: string, status: PipelineStatus): void =>
  writeAtomically(join(dir, 'status.json'), JSON.stringify(status))

/** Exit code of a pipeline process whose config it refuses (EX_CONFIG of sysexits): another attempt ends the same. */
export const EXIT_CONFIG = 78

const problemSchema = z.object({ code: z.string(), message: z.string(), hint: z.optional(z.string()) })

export const readProblem = (dir: string): ContentProblem | undefined => {
  try {
    const { code, message, hint } = problemSchema.parse(JSON.parse(readText(join(dir, 'error.json')) ?? ''))
    return { code, message, ...(hint === undefined ? {} : { hint }) }
  } catch {
    return undefined
  }
}

export const writeProblem = (dir: string, problem: ContentProblem): void =>
  writeAtomically(join(dir, 'error.json'), redactorOf(process.env)(JSON.stringify(problem)))
