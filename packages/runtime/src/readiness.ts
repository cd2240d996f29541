/** Whether a process can do its work now, and if not, why: one reason per part, each set and lifted by its part. */

export interface NotReady {
  /** The part that is not ready, e.g. `log`. */
  readonly part: string
  /** Stable word, e.g. `catching_up`, `disconnected`, `log_full`. */
  readonly reason: string
  readonly detail?: string
}

export interface Readiness {
  /** Says that `part` is not ready; replaces its earlier reason. */
  blocked(part: string, reason: string, detail?: string): void
  ready(part: string): void
  reasons(): readonly NotReady[]
  isReady(): boolean
}

/** `parts` are not ready until they say so, with the reason `starting`. */
export const createReadiness = (parts: readonly string[] = []): Readiness => {
  const blocks = new Map<string, NotReady>(parts.map((part) => [part, { part, reason: 'starting' }]))
  return {
    blocked: (part, reason, detail) =>
      void blocks.set(part, detail === undefined ? { part, reason } : { part, reason, detail }),
    ready: (part) => void blocks.delete(part),
    reasons: () => [...blocks.values()],
    isReady: () => blocks.size === 0,
  }
}
