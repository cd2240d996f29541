/**
 * Where a container's output lies: the same files as any task's, and beside them the place in the engine's log up to which
 * they go. What was written after the place was noted is cut off when reading goes on, so that nothing is there twice.
 */
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod/mini'
import { readText, writeAtomically } from '../task-dir.ts'
import type { LogEntry, LogPlace } from './log-entries.ts'
import type { FilePlace } from './log-file-reader.ts'

const notedSchema = z.object({
  /** The container that it is a place of. */
  id: z.string(),
  /** In the engine's file, or in what its interface tells. */
  file: z.optional(z.object({ ino: z.number(), offset: z.number() })),
  told: z.optional(z.object({ since: z.int(), skip: z.int(), last: z.int() })),
  /** Sizes of the task's files at that place. */
  stdout: z.int(),
  stderr: z.int(),
})

/** Where reading goes on: each way of reading has a place of its own. */
export interface Noted {
  readonly file?: FilePlace | undefined
  readonly told?: LogPlace | undefined
}

export interface LogFiles {
  readonly from: Noted
  write(entries: readonly Pick<LogEntry, 'stream' | 'data'>[]): void
  /** Notes how far the files go. */
  note(place: Noted): void
  close(): void
}

const streams = ['stdout', 'stderr'] as const

export const openLogFiles = (dir: string, id: string): LogFiles => {
  mkdirSync(join(dir, 'logs'), { recursive: true, mode: 0o700 })
  const files = {
    stdout: openSync(join(dir, 'logs', 'stdout'), 'a', 0o600),
    stderr: openSync(join(dir, 'logs', 'stderr'), 'a', 0o600),
  }
  const noted = readPlace(dir)
  const from = noted?.id === id ? { file: noted.file, told: noted.told } : {}
  // A file that is smaller than noted was rotated since: what it holds is newer.
  if (noted?.id === id)
    for (const name of streams) if (fstatSync(files[name]).size > noted[name]) ftruncateSync(files[name], noted[name])
  return {
    from,
    write: (entries) => {
      for (const name of streams) {
        const parts = entries.flatMap(({ stream, data }) => (stream === name ? [data] : []))
        const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
        for (let at = 0; at < bytes.length;) at += writeSync(files[name], bytes, at)
      }
    },
    note: (place) => {
      const [stdout, stderr] = [fstatSync(files.stdout).size, fstatSync(files.stderr).size]
      writeAtomically(join(dir, 'container-logs.json'), JSON.stringify({ id, ...place, stdout, stderr }))
    },
    close: () => {
      for (const name of streams) closeSync(files[name])
    },
  }
}

const readPlace = (dir: string): z.output<typeof notedSchema> | undefined => {
  try {
    return notedSchema.parse(JSON.parse(readText(join(dir, 'container-logs.json')) ?? ''))
  } catch {
    return undefined
  }
}
