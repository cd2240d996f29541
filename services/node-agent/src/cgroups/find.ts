/** Finds the machine's way to limit and to end tasks. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readText } from '../drivers/task-dir.ts'
import { baseName, noCgroups, type CgroupBackend } from './backend.ts'
import { ownFolders } from './own-folders.ts'
import { v1Backend } from './v1.ts'
import { v2Backend } from './v2.ts'

/** `dataDir` tells the agents of one machine apart. */
export const findCgroups = (dataDir: string): CgroupBackend => {
  const cgroup = readText('/proc/self/cgroup')
  const mountinfo = readText('/proc/self/mountinfo')
  if (cgroup === undefined || mountinfo === undefined) return noCgroups('This system has no control groups.')
  const own = ownFolders(cgroup, mountinfo)
  if (own.v1.has('memory') || own.v1.has('cpu') || own.v1.has('freezer')) return v1Backend(own, baseName(dataDir))
  if (own.v2 !== undefined && existsSync(join(own.v2, 'cgroup.controllers')))
    return v2Backend(own.v2, family(), baseName(dataDir))
  return noCgroups('No control groups are mounted.')
}

/** This process and those that started it: a launcher stands in the same group. */
const family = (): ReadonlySet<number> => {
  const pids = new Set<number>([process.pid])
  for (let pid = process.pid; pid > 1; pids.add(pid)) {
    const stat = readText(`/proc/${pid}/stat`) ?? ''
    pid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0)
  }
  return pids
}
