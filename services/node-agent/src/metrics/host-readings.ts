/** What the kernel says of this machine and its processes. Linux only; what cannot be read is 0. */
import { readdirSync, readFileSync, statfsSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'

export interface ProcessUse {
  readonly pid: number
  readonly parent: number
  readonly group: number
  /** Since its start, in seconds of one core. */
  readonly cpuSeconds: number
  readonly memoryBytes: number
}

export interface HostReadings {
  readonly cpus: number
  /** Ticks since boot, over all cores. */
  cpuTicks(): { readonly busy: number; readonly total: number }
  memory(): { readonly totalBytes: number; readonly usedBytes: number }
  /** Of the file system that holds the data directory. */
  disk(): { readonly totalBytes: number; readonly usedBytes: number }
  load1(): number
  agentRssBytes(): number
  processes(): ProcessUse[]
}

/** USER_HZ and the page size of Linux on every architecture that Node is built for, but for pages of some ARM kernels. */
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4096

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

export const hostReadings = (dataDir: string): HostReadings => ({
  cpus: availableParallelism(),
  cpuTicks: () => {
    const [line = ''] = readText('/proc/stat').split('\n', 1)
    // user nice system idle iowait irq softirq steal; guest times are contained in user and nice.
    const ticks = line.split(/\s+/).slice(1, 9).map(Number)
    const total = ticks.reduce((sum, one) => sum + one, 0)
    return { busy: total - (ticks[3] ?? 0) - (ticks[4] ?? 0), total }
  },
  memory: () => {
    const text = readText('/proc/meminfo')
    const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) * 1024
    const totalBytes = bytes('MemTotal')
    return { totalBytes, usedBytes: totalBytes - bytes('MemAvailable') }
  },
  disk: () => {
    try {
      const { blocks, bfree, bsize } = statfsSync(dataDir)
      return { totalBytes: blocks * bsize, usedBytes: (blocks - bfree) * bsize }
    } catch {
      return { totalBytes: 0, usedBytes: 0 }
    }
  },
  load1: () => loadavg()[0] ?? 0,
  agentRssBytes: () => process.memoryUsage.rss(),
  processes: () =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => processUse(Number(name)) ?? []),
})

const processUse = (pid: number): ProcessUse | undefined => {
  const text = readText(`/proc/${pid}/stat`)
  if (text === '') return undefined
  // The name stands in brackets and may hold anything; what follows the last bracket begins with field 3.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const field = (n: number): number => Number(fields[n - 3] ?? 0)
  return {
    pid,
    parent: field(4),
    group: field(5),
    cpuSeconds: (field(14) + field(15)) / TICKS_PER_SECOND,
    memoryBytes: field(24) * PAGE_BYTES,
  }
}
