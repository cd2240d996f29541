/** Memory that a process holds, as the kernel counts it. */
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { median } from './rounds.ts'

/** VmRSS of a process, MB of 2^20 bytes. Linux only. */
const rssMb = (pid: number): number => {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (kib === undefined) throw new Error(`process ${pid} has no VmRSS`)
  return Number(kib) / 1024
}

/** Median of ten looks after a time of rest. */
export const restingRssMb = async (pids: readonly number[], restMs: number): Promise<readonly number[]> => {
  await pause(restMs)
  const looks: number[][] = pids.map(() => [])
  for (let look = 0; look < 10; look++) {
    pids.forEach((pid, i) => looks[i]?.push(rssMb(pid)))
    await pause(restMs / 20)
  }
  return looks.map(median)
}
