/** Which processes belong to a task: the one that its driver names, its descendants, and their process groups. */
import type { ProcessUse } from './host-readings.ts'

export interface Use {
  readonly processes: number
  readonly cpuSeconds: number
  readonly memoryBytes: number
}

/** A process that left its group and whose parent ended is found by nobody without control groups. */
export const useOf = (root: number, all: readonly ProcessUse[]): Use => {
  const groups = new Set(all.filter(({ pid }) => pid === root).map(({ group }) => group))
  const family = new Set([root])
  for (let before = -1; before !== family.size;) {
    before = family.size
    for (const { pid, parent, group } of all) if (family.has(parent) || groups.has(group)) family.add(pid)
  }
  let use: Use = { processes: 0, cpuSeconds: 0, memoryBytes: 0 }
  for (const { pid, cpuSeconds, memoryBytes } of all) {
    if (!family.has(pid)) continue
    use = {
      processes: use.processes + 1,
      cpuSeconds: use.cpuSeconds + cpuSeconds,
      memoryBytes: use.memoryBytes + memoryBytes,
    }
  }
  return use
}
