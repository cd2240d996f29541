/**
 * Where a container's output lies: the same files as any task's, and beside them the place in the engine's log up to which
 * they go. What was written after the place was noted is cut off when reading goes on, so that nothing is there twice.
 */
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod/mini'
import { readText, writeAtomically } from '../task-dir.ts'
import type { LogEntry, LogPlace } from './log-entries.ts'

const placeSchema = z.object({
  /** The container that it is a place of. */
  id: z.string(),
  since: z.int(),
  skip: z.int(),
  stdout: z.int(),
  stderr: z.int(),
})

export interface LogFiles {
  readonly from: LogPlace
  write(entries: readonly LogEntry[]): void
  /** Notes how far the files go. */
  note(place: LogPlace): void
  close(): void
}

const BEGINNING: LogPlace = { since: 0, skip: 0 }
const streams = ['stdout', 'stderr'] as const

export const openLogFiles = (dir: string, id: string): LogFiles => {
  mkdirSync(join(dir, 'logs'), { recursive: true, mode: 0o700 })
  const files = {
    stdout: openSync(join(dir, 'logs', 'stdout'), 'a', 0o600),
    stderr: openSync(join(dir, 'logs', 'stderr'), 'a', 0o600),
  }
  const noted = readPlace(dir)
  const from = noted?.id === id ? { since: noted.since, skip: noted.skip } : BEGINNING
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
    note: ({ since, skip }) => {
      const [stdout, stderr] = [fstatSync(files.stdout).size, fstatSync(files.stderr).size]
      writeAtomically(join(dir, 'container-logs.json'), JSON.stringify({ id, since, skip, stdout, stderr }))
    },
    close: () => {
      for (const name of streams) closeSync(files[name])
    },
  }
}

const readPlace = (dir: string): z.output<typeof placeSchema> | undefined => {
  try {
    return placeSchema.parse(JSON.parse(readText(join(dir, 'container-logs.json')) ?? ''))
  } catch {
    return undefined
  }
}
