/** One piece of work for everybody who asks for it at once; it is given up only when the last of them is gone. */

export interface Asker {
  readonly signal: AbortSignal
  readonly onProgress: (text: string) => void
}

interface Work<T> {
  readonly how: string
  readonly done: Promise<T>
  readonly giveUp: AbortController
  readonly askers: Set<Asker>
}

type Run<T> = (signal: AbortSignal, onProgress: (text: string) => void) => Promise<T>

/**
 * `what` names the result, `how` the way to it: who asks for the same by another way waits for the first way to end, shares
 * its success, and tries the own way when it failed.
 */
export const createShared = <T>() => {
  const running = new Map<string, Work<T>>()

  const begin = (what: string, how: string, run: Run<T>): Work<T> => {
    const giveUp = new AbortController()
    const askers = new Set<Asker>()
    const tell = (text: string): void => {
      for (const asker of askers) asker.onProgress(text)
    }
    const done = run(giveUp.signal, tell).finally(() => running.delete(what))
    done.catch(() => {})
    const work: Work<T> = { how, done, giveUp, askers }
    running.set(what, work)
    return work
  }

  const join = async (work: Work<T>, asker: Asker): Promise<T> => {
    work.askers.add(asker)
    const gone = Promise.withResolvers<never>()
    const leave = (): void => gone.reject(asker.signal.reason)
    asker.signal.addEventListener('abort', leave, { once: true })
    try {
      return await Promise.race([work.done, gone.promise])
    } finally {
      asker.signal.removeEventListener('abort', leave)
      work.askers.delete(asker)
      if (work.askers.size === 0) work.giveUp.abort()
    }
  }

  return async (what: string, how: string, asker: Asker, run: Run<T>): Promise<T> => {
    for (;;) {
      asker.signal.throwIfAborted()
      const present = running.get(what)
      if (!present) return join(begin(what, how, run), asker)
      // Its last asker has left: it is ending, and must have ended before the next one writes to the same file.
      if (present.giveUp.signal.aborted) {
        await present.done.catch(() => {})
        continue
      }
      try {
        return await join(present, asker)
      } catch (error) {
        if (asker.signal.aborted || present.how === how) throw error
      }
    }
  }
}
