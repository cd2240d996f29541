/**
 * What must be looked at, by when: a list for each second. With 100,000 validating nodes a walk over all of them every
 * second would take a tenth of a core; so each is met again when its deadline may have moved enough to matter.
 */
export interface DueList<T> {
  add(item: T, dueMono: number): void
  /** Takes out what is due, and a little of what is due within the same second. */
  take(nowMono: number): readonly T[]
  clear(): void
}

const STEP_MS = 1_000

export const createDueList = <T>(): DueList<T> => {
  const steps = new Map<number, T[]>()
  /** No list is kept for an earlier step. */
  let first = Infinity
  return {
    add: (item, dueMono) => {
      const step = Math.floor(dueMono / STEP_MS)
      const items = steps.get(step)
      if (items === undefined) steps.set(step, [item])
      else items.push(item)
      first = Math.min(first, step)
    },
    take: (nowMono) => {
      const due: T[] = []
      const now = Math.floor(nowMono / STEP_MS)
      while (first <= now) {
        for (const item of steps.get(first) ?? []) due.push(item)
        steps.delete(first)
        first = steps.size === 0 ? Infinity : first + 1
      }
      return due
    },
    clear: () => {
      steps.clear()
      first = Infinity
    },
  }
}
