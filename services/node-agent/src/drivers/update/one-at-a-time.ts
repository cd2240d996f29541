/** Updates of one node wait for each other: two at once could not tell whose fault a failure is. */

export interface Turn {
  readonly label: string
  readonly release: () => void
}

export const createTurns = () => {
  let holder: Turn | undefined
  const waiting: (() => void)[] = []
  const take = (label: string): Turn => {
    const turn: Turn = {
      label,
      release: () => {
        if (holder !== turn) return
        holder = undefined
        for (const wake of waiting.splice(0)) wake()
      },
    }
    return (holder = turn)
  }
  return {
    /** Waits until nobody else has the turn. Throws the signal's reason when it is not wanted any more. */
    wait: async (label: string, signal: AbortSignal, onWait: (forWhom: string) => void): Promise<Turn> => {
      for (let ahead = holder; ahead !== undefined; ahead = holder) {
        signal.throwIfAborted()
        onWait(ahead.label)
        const { promise, resolve } = Promise.withResolvers<void>()
        waiting.push(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
        await promise
      }
      signal.throwIfAborted()
      return take(label)
    },
    /** For what is under way already when the agent starts. */
    take,
  }
}
