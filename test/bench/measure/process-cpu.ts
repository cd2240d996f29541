/** CPU time that a process has used since it started, all of its threads, ms. Linux; 0 where it cannot be read. */
import { readFileSync } from 'node:fs'

/** Ticks of /proc are hundredths of a second wherever Linux runs. */
const MS_PER_TICK = 10

export const processCpuMs = (pid: number): number => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name may hold spaces and brackets: count from behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
  } catch {
    return 0
  }
}
