/** What a process costs, as /proc tells it: CPU time used, and memory that is its own. Linux only. */
import { readFileSync, readdirSync } from 'node:fs'

/** User and system time since it began, seconds. The kernel counts in hundredths. */
export const cpuSeconds = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Its share of the pages that it maps, MB: pages shared by n processes count 1/n. */
export const pssMb = (pid: number): number => {
  const kib = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1]
  if (kib === undefined) throw new Error(`process ${pid} has no Pss`)
  return Number(kib) / 1024
}

/** Live processes whose home lies below `dir` and that lead their group: the shims of an agent's tasks. */
export const shimsBelow = (dir: string): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`\0HOME=${dir}/`)) return false
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) === pid
      } catch {
        return false
      }
    })
