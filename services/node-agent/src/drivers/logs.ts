/**
 * Bounds a task's logs. The shim's files are open for appending, so they are copied and cut to zero, not renamed: what is
 * written between copy and cut is lost (0.13 % in the worst case that was measured, see the README).
 */
import { copyFileSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'

const MOST_LOG_BYTES = 10 * 1024 * 1024
const OLD_FILES = 2

export const rotateTaskLogs = (dir: string, mostBytes = MOST_LOG_BYTES): void => {
  for (const name of ['stdout', 'stderr']) {
    const path = join(dir, 'logs', name)
    try {
      if (statSync(path).size <= mostBytes) continue
      rmSync(`${path}.${OLD_FILES}`, { force: true })
      for (let n = OLD_FILES - 1; n > 0; n--) renameIfThere(`${path}.${n}`, `${path}.${n + 1}`)
      copyFileSync(path, `${path}.1`)
      truncateSync(path, 0)
    } catch {
      // Not there yet, or the disk is full: the next round tries again.
    }
  }
}

const renameIfThere = (from: string, to: string): void => {
  try {
    renameSync(from, to)
  } catch {
    // The first rotations have no older file.
  }
}
