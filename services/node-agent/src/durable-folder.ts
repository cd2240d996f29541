/** A folder that is still there after a cut of the power: what is synced inside one that is gone helps nobody. */
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'

export const makeFolderDurably = (path: string, mode: number): void => {
  const first = mkdirSync(path, { recursive: true, mode })
  if (first === undefined) return
  // Each new one is an entry of the one above it, up to the first that was there before.
  for (let made = path; ; made = dirname(made)) {
    syncFolder(dirname(made))
    if (made === first) return
  }
}

const syncFolder = (path: string): void => {
  let folder: number
  try {
    folder = openSync(path, 'r')
  } catch {
    // A folder that may be written to and not listed; nothing more can be done about it.
    return
  }
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
