/** Tells once that something in a folder was written. A watch that tells each write would cost a task's every line. */
import { watch } from 'node:fs'

export interface FolderWatch {
  close(): void
}

/**
 * `onChange` is called at most once, for the first change or when the watch itself is lost, and the watch is closed then.
 * Throws when the folder is not there, or the machine grants no more watches.
 */
export type WatchFolder = (path: string, onChange: () => void) => FolderWatch

export const watchFolder: WatchFolder = (path, onChange) => {
  let told = false
  const tell = (): void => {
    if (told) return
    told = true
    watcher.close()
    onChange()
  }
  // The kernel merges equal changes that nobody has read yet, so what a fast writer queues up meanwhile is next to nothing.
  const watcher = watch(path, { persistent: false }, tell)
  watcher.on('error', tell)
  return {
    close: () => {
      told = true
      watcher.close()
    },
  }
}
