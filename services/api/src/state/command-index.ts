/**
 * Which job or node a remembered command id belongs to. The outcome itself stands in its aggregate, which forgets ids by
 * its own rule; this index only finds the aggregate, so an entry too many is harmless and the oldest may go.
 */
export interface CommandIndex {
  /** `holder`: the text of a job's key, which has a slash, or the id of a node, which has none. */
  note(commandId: string, holder: string): void
  holderOf(commandId: string): string | undefined
  /** For a snapshot; oldest first. */
  entries(): readonly (readonly [commandId: string, holder: string])[]
  clear(): void
}

/** About 100 MB of ids at the very most. */
const KEPT = 500_000

export const createCommandIndex = (kept = KEPT): CommandIndex => {
  const holders = new Map<string, string>()
  return {
    note: (commandId, holder) => {
      // The last one that took an id is the one that is asked about.
      holders.delete(commandId)
      holders.set(commandId, holder)
      if (holders.size <= kept) return
      for (const oldest of holders.keys()) {
        holders.delete(oldest)
        break
      }
    },
    holderOf: (commandId) => holders.get(commandId),
    entries: () => [...holders],
    clear: () => holders.clear(),
  }
}
