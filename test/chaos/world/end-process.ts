/** SIGKILL to one process, by its own pid; false when it is gone already. */
export const endProcess = (pid: number): boolean => {
  try {
    process.kill(pid, 'SIGKILL')
    return true
  } catch {
    return false
  }
}
