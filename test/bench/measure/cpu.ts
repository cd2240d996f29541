/** CPU time of this process, all of its threads: garbage collection and compilation count. */
export interface CpuMeter {
  /** Microseconds so far. */
  us(): number
  /** Counts what happens inside. */
  measure<T>(act: () => Promise<T> | T): Promise<T>
}

export const createCpuMeter = (): CpuMeter => {
  let total = 0
  return {
    us: () => total,
    measure: async (act) => {
      const before = process.cpuUsage()
      try {
        return await act()
      } finally {
        const { user, system } = process.cpuUsage(before)
        total += user + system
      }
    },
  }
}
