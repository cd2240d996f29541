/** Who waits until a subject was folded up to a sequence. Rare, so the fold asks `any` before anything else. */
interface Waiter {
  readonly seq: number
  readonly run: () => void
}

export const createWaiting = () => {
  const bySubject = new Map<string, Waiter[]>()
  return {
    any: (): boolean => bySubject.size > 0,
    add(subject: string, seq: number, run: () => void): () => void {
      const waiter: Waiter = { seq, run }
      const list = bySubject.get(subject)
      if (list === undefined) bySubject.set(subject, [waiter])
      else list.push(waiter)
      return () => {
        const rest = bySubject.get(subject)?.filter((other) => other !== waiter)
        if (rest === undefined) return
        if (rest.length === 0) bySubject.delete(subject)
        else bySubject.set(subject, rest)
      }
    },
    notify(subject: string, seq: number): void {
      const list = bySubject.get(subject)
      if (list === undefined) return
      const later = list.filter((waiter) => waiter.seq > seq)
      if (later.length === list.length) return
      if (later.length === 0) bySubject.delete(subject)
      else bySubject.set(subject, later)
      for (const waiter of list) if (waiter.seq <= seq) waiter.run()
    },
  }
}
