/** Who waits until the follower has folded the log up to a sequence. */
interface Waiter {
  readonly seq: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export const createSeqWaiters = () => {
  let waiters: Waiter[] = []
  return {
    wait: (seq: number): Promise<void> =>
      new Promise((resolve, reject) => {
        waiters.push({ seq, resolve, reject })
      }),
    reached(seq: number): void {
      if (waiters.length === 0) return
      const due = waiters.filter((waiter) => waiter.seq <= seq)
      if (due.length === 0) return
      waiters = waiters.filter((waiter) => waiter.seq > seq)
      for (const waiter of due) waiter.resolve()
    },
    fail(error: Error): void {
      const all = waiters
      waiters = []
      for (const waiter of all) waiter.reject(error)
    },
  }
}
