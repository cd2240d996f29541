/**
 * Which job a remembered command id belongs to. The outcome itself stands in the job's aggregate, which forgets ids by
 * its own rule; this index only finds the job, so an entry too many is harmless and the oldest may go.
 */
export interface CommandIndex {
  note(commandId: string, jobKey: string): void
  jobOf(commandId: string): string | undefined
  /** For a snapshot; oldest first. */
  entries(): readonly (readonly [commandId: string, jobKey: string])[]
  clear(): void
}

/** About 100 MB of ids at the very most. */
const KEPT = 500_000

export const createCommandIndex = (kept = KEPT): CommandIndex => {
  const jobs = new Map<string, string>()
  return {
    note: (commandId, jobKey) => {
      // The last job that took an id is the one that is asked about.
      jobs.delete(commandId)
      jobs.set(commandId, jobKey)
      if (jobs.size <= kept) return
      for (const oldest of jobs.keys()) {
        jobs.delete(oldest)
        break
      }
    },
    jobOf: (commandId) => jobs.get(commandId),
    entries: () => [...jobs],
    clear: () => jobs.clear(),
  }
}
