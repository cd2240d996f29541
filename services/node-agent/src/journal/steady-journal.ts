/**
 * A journal that its users need not fear: while the file cannot be written (its limit, a full disk, a broken one), what
 * changes is kept in memory, the latest of each execution, and written as soon as that works. What runs goes on meanwhile.
 * Nothing new may begin on it: `isDurable` and `isKept` say what is only in memory.
 */
import type { Content, DesiredExecution, ExecutionId, Sha256, Transition } from '@dunlin/contracts/agent'
import type { Clock, Timer } from '@dunlin/runtime/agent'
import type { Journal, LocalState } from './journal.ts'
import { isUnwritable, type UnwritableCode } from './write-errors.ts'

export interface SteadyHooks {
  /** The file cannot be written; undefined when everything is written again. */
  readonly onProblem: (problem: { readonly code: UnwritableCode; readonly message: string } | undefined) => void
  /** A transition that was kept in memory got its counter. */
  readonly onRecorded: (execution: ExecutionId, j: number) => void
}

/** What of one execution is not written yet. */
interface Waiting {
  readonly entry: DesiredExecution
  readonly local: LocalState
  /** The latest transition that the log must be told of, standing for those before it. */
  readonly toTell: Transition | undefined
  /** The latest one, when it is not told. */
  readonly noted: Transition | undefined
}

const RETRY_MS = 5_000
/** Counter of a transition that has none yet: the log cannot have acknowledged it. */
const NO_COUNTER = Number.POSITIVE_INFINITY

export const steadyJournal = (inner: Journal, clock: Clock, hooks: SteadyHooks): Journal => {
  const executions = new Map<ExecutionId, Waiting>()
  const forgotten = new Set<ExecutionId>()
  const contents = new Map<Sha256, Content>()
  let document: string | undefined
  let timer: Timer | undefined
  let problem: UnwritableCode | undefined
  let closed = false

  const isSettled = (): boolean =>
    executions.size === 0 && forgotten.size === 0 && contents.size === 0 && document === undefined

  /** True when `write` has written; false when the file cannot be written. Throws whatever else went wrong. */
  const tried = (write: () => void): boolean => {
    try {
      write()
      return true
    } catch (error) {
      if (!isUnwritable(error)) throw error
      if (problem !== error.code) hooks.onProblem({ code: error.code, message: error.message })
      problem = error.code
      if (!closed) timer ??= clock.after(RETRY_MS, retry)
      return false
    }
  }

  const writeWaiting = (execution: ExecutionId, { entry, local, toTell, noted }: Waiting): void => {
    let j: number | undefined
    if (toTell !== undefined) j = inner.record(entry, local, toTell, true)
    if (noted !== undefined) j = inner.record(entry, local, noted, false)
    if (j === undefined) inner.save([{ entry, local }])
    executions.delete(execution)
    if (j !== undefined) hooks.onRecorded(execution, j)
  }

  function retry(): void {
    timer = undefined
    // One that must find more room than there is does not hold up the others.
    for (const [execution, waiting] of executions) tried(() => writeWaiting(execution, waiting))
    for (const execution of forgotten) if (tried(() => inner.forget(execution))) forgotten.delete(execution)
    const text = document
    if (text !== undefined && tried(() => inner.saveDocument(text))) document = undefined
    for (const [hash, content] of contents) if (tried(() => inner.saveContent(hash, content))) contents.delete(hash)
    if (!isSettled() || problem === undefined) return
    problem = undefined
    hooks.onProblem(undefined)
  }

  return {
    get id() {
      return inner.id
    },
    get j() {
      return inner.j
    },
    get acknowledgedJ() {
      return inner.acknowledgedJ
    },
    record: (entry, local, transition, tell) => {
      const { execution } = transition
      const before = executions.get(execution)
      let j = NO_COUNTER
      if (before === undefined && tried(() => (j = inner.record(entry, local, transition, tell)))) return j
      const replaces = before?.toTell && { replaces: (before.toTell.replaces ?? 0) + 1 + (transition.replaces ?? 0) }
      executions.set(execution, {
        entry,
        local,
        toTell: tell ? { ...transition, ...replaces } : before?.toTell,
        noted: tell ? undefined : transition,
      })
      return NO_COUNTER
    },
    save: (changed) => {
      const rest = changed.filter(({ entry, local }) => {
        const waiting = executions.get(entry.execution)
        if (waiting !== undefined) executions.set(entry.execution, { ...waiting, entry, local })
        return waiting === undefined
      })
      if (rest.length === 0 || tried(() => inner.save(rest))) return
      for (const { entry, local } of rest)
        executions.set(entry.execution, { entry, local, toTell: undefined, noted: undefined })
    },
    isDurable: (execution) => !executions.has(execution),
    isKept: (hash) => !contents.has(hash),
    executions: () => inner.executions(),
    forget: (execution) => {
      executions.delete(execution)
      if (!tried(() => inner.forget(execution))) forgotten.add(execution)
    },
    unsent: (limit) => inner.unsent(limit),
    sending: (j) => inner.sending(j),
    // Told again after a restart, which changes nothing at the centre: nothing to wait for.
    acknowledge: (j) => void tried(() => inner.acknowledge(j)),
    renew: () => inner.renew(),
    document: () => document ?? inner.document(),
    saveDocument: (text) => {
      document = tried(() => inner.saveDocument(text)) ? undefined : text
    },
    content: (hash) => contents.get(hash) ?? inner.content(hash),
    saveContent: (hash, content) => {
      if (tried(() => inner.saveContent(hash, content))) contents.delete(hash)
      else contents.set(hash, content)
    },
    keepContents: (hashes) => {
      for (const hash of contents.keys()) if (!hashes.has(hash)) contents.delete(hash)
      tried(() => inner.keepContents(hashes))
    },
    usedBytes: () => inner.usedBytes(),
    close: () => {
      closed = true
      timer?.cancel()
      retry()
      inner.close()
    },
  }
}
