/** Instants at which something must be looked at. They are found in the folded state, so nothing is lost with the process. */

export interface Deadlines {
  /** `undefined` takes it out. Milliseconds since the epoch. */
  set(key: string, at: number | undefined): void
  /** Keys whose instant has come; they stay until they are set anew. */
  due(nowMs: number): readonly string[]
  /** The earliest instant. */
  next(): number | undefined
  clear(): void
}

export const createDeadlines = (): Deadlines => {
  const at = new Map<string, number>()
  /** Never later than the earliest one, so that a look at a quiet moment costs nothing. */
  let earliest = Infinity

  const earliestOf = (): number => {
    let found = Infinity
    for (const instant of at.values()) found = Math.min(found, instant)
    return found
  }

  return {
    set: (key, instant) => {
      if (instant === undefined) return void at.delete(key)
      at.set(key, instant)
      earliest = Math.min(earliest, instant)
    },
    due: (nowMs) => {
      if (nowMs < earliest) return []
      earliest = earliestOf()
      return [...at].flatMap(([key, instant]) => (instant <= nowMs ? [key] : []))
    },
    next: () => (at.size === 0 ? undefined : earliest),
    clear: () => {
      at.clear()
      earliest = Infinity
    },
  }
}
