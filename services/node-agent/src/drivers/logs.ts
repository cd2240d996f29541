/**
 * Bounds a task's logs. The shim's files are open for appending, so they are copied and cut to zero, not renamed. What is
 * written meanwhile is copied too until next to nothing comes any more, so that only what falls between the last look and
 * the cut is lost. A task that writes faster than it is looked at keeps the newest part of what it wrote.
 */
import {
  closeSync,
  ftruncateSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { bytesOf } from '@dunlin/contracts/agent'

export interface LogLimits {
  readonly max_file_size?: string | number | undefined
  readonly max_files?: number | undefined
}

const DEFAULT_FILE_BYTES = 10 * 1024 * 1024
const DEFAULT_FILES = 3
/** Between two looks at a task that writes little, and at one that writes as fast as it can. */
const LOOK_MOST_MS = 250
const LOOK_LEAST_MS = 25
/** One that writes a line a second is looked at on: to begin and end a watch for each line would cost more. */
const QUIET_AFTER_MS = 2_000

interface Seen {
  readonly bytes: number
  readonly atMs: number
  /** Of the latest look that found it changed. */
  readonly changedMs: number
  /** Nobody looks before it writes. */
  readonly quiet: boolean
}

/** What the last look found, by path: how fast a file grows. */
const seen = new Map<string, Seen>()

/** Returns in how many ms the task should be looked at again; Infinity: not before it has written something. */
export const rotateTaskLogs = (dir: string, limits: LogLimits = {}): number => {
  const mostBytes = limits.max_file_size === undefined ? DEFAULT_FILE_BYTES : bytesOf(limits.max_file_size)
  const older = (limits.max_files ?? DEFAULT_FILES) - 1
  return Math.min(bound(`${dir}/logs/stdout`, mostBytes, older), bound(`${dir}/logs/stderr`, mostBytes, older))
}

/** Ends the memory of a task's files. */
export const forgetTaskLogs = (dir: string): void => {
  for (const name of ['stdout', 'stderr']) seen.delete(`${dir}/logs/${name}`)
}

const bound = (path: string, mostBytes: number, older: number): number => {
  try {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    const isFull = size > mostBytes
    if (isFull) cutFile(path, mostBytes, older)
    return nextLook(path, isFull ? 0 : size, mostBytes, isFull)
  } catch {
    // The disk is full, or the like: the next look tries again.
    return LOOK_MOST_MS
  }
}

const nextLook = (path: string, bytes: number, mostBytes: number, wasCut: boolean): number => {
  const nowMs = performance.now()
  const before = seen.get(path)
  const changed = wasCut || (before !== undefined && bytes !== before.bytes)
  const changedMs = changed ? nowMs : (before?.changedMs ?? -Infinity)
  const quiet = nowMs - changedMs >= QUIET_AFTER_MS
  seen.set(path, { bytes, atMs: nowMs, changedMs, quiet })
  if (quiet) return Infinity
  if (!changed) return LOOK_MOST_MS
  // How fast it is nobody knows: it was cut, perhaps each time that somebody looked, or it begins to write.
  if (wasCut || !before || before.quiet || bytes < before.bytes) return LOOK_LEAST_MS
  // Half of the time in which it would reach its bound at the speed of late.
  const untilFullMs = ((mostBytes - bytes) * (nowMs - before.atMs)) / (bytes - before.bytes)
  return Math.max(LOOK_LEAST_MS, Math.min(LOOK_MOST_MS, untilFullMs / 2))
}

const cutFile = (path: string, mostBytes: number, older: number): void => {
  const from = openSync(path, 'r+')
  try {
    if (older > 0) keep(from, path, mostBytes, older)
  } finally {
    // On a full disk nothing can be kept, and what is cut gives room.
    ftruncateSync(from, 0)
    closeSync(from)
  }
}

const keep = (from: number, path: string, mostBytes: number, older: number): void => {
  rmSync(`${path}.${older}`, { force: true })
  for (let n = older - 1; n > 0; n--) renameIfThere(`${path}.${n}`, `${path}.${n + 1}`)
  const to = openSync(`${path}.1`, 'w', 0o600)
  try {
    const begin = Math.max(0, fstatSync(from).size - mostBytes)
    if (begin > 0) writeSync(to, `dunlin: ${begin} bytes before this were not kept\n`)
    let at = begin + copyRest(from, to, begin)
    // What came meanwhile is less each time, unless the writer is about as fast as the copy: that one is not followed.
    for (let round = 0; round < 8; round++) {
      const more = fstatSync(from).size - at
      if (more === 0 || more > mostBytes / 16) break
      at += copyRest(from, to, at)
    }
    const lost = fstatSync(from).size - at
    if (lost > 0) writeSync(to, `\ndunlin: ${lost} bytes after this were not kept\n`)
  } finally {
    closeSync(to)
  }
}

const BLOCK_BYTES = 256 * 1024

const copyRest = (from: number, to: number, begin: number): number => {
  const block = Buffer.allocUnsafe(BLOCK_BYTES)
  const end = fstatSync(from).size
  let at = begin
  while (at < end) {
    const read = readSync(from, block, 0, Math.min(BLOCK_BYTES, end - at), at)
    if (read === 0) break
    writeSync(to, block, 0, read)
    at += read
  }
  return at - begin
}

const renameIfThere = (from: string, to: string): void => {
  try {
    renameSync(from, to)
  } catch {
    // The first rotations have no older file.
  }
}
