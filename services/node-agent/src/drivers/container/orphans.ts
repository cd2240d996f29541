/** Containers that carry this node's label and that no task knows: an agent died between two steps, or lost its disk. */
import { join } from 'node:path'
import { namesIn } from '../task-dir.ts'
import type { Listed } from './engine.ts'
import { readContainerFile } from './task-file.ts'

/** Whoever is about to make one known has so long; a list may also be older than the file. */
const ORPHAN_GRACE_MS = 60_000

export interface Orphans {
  /** Those that have been unknown for the whole grace. */
  due(listed: readonly Listed[], isKnown: (one: Listed) => boolean, nowMs: number): Listed[]
}

export const createOrphans = (graceMs = ORPHAN_GRACE_MS): Orphans => {
  const since = new Map<string, number>()
  return {
    due: (listed, isKnown, nowMs) => {
      const unknown = listed.filter((one) => !isKnown(one))
      const ids = new Set(unknown.map(({ id }) => id))
      for (const id of since.keys()) if (!ids.has(id)) since.delete(id)
      for (const id of ids) if (!since.has(id)) since.set(id, nowMs)
      return unknown.filter(({ id }) => nowMs - (since.get(id) ?? nowMs) >= graceMs)
    },
  }
}

/** Ids of the containers that the tasks of a data directory still need. */
export const neededContainers = (dataDir: string): ReadonlySet<string> => {
  const root = join(dataDir, 'tasks')
  const needed = new Set<string>()
  for (const name of namesIn(root)) {
    const file = readContainerFile(join(root, name))
    if (file && file.exit === undefined) needed.add(file.id)
  }
  return needed
}
