/**
 * Command ids that callers chose, with what came of them. The server's duplicate window is finite, so the aggregate
 * remembers: the last 16 and those of 24 hours, at most 1,024. Ids that the system derives are not remembered; a
 * repeat of those is harmless because their deciders look at the state.
 */
import type { CommandOutcome } from '@dunlin/contracts'

/** `O`: what it was answered with. */
export interface RememberedCommand<O = CommandOutcome> {
  readonly id: string
  /** SHA-256 of the command's canonical body. */
  readonly req: string
  readonly at: number
  readonly seq: number
  readonly outcome: O
}

export interface RememberedCommands<O = CommandOutcome> {
  /** Insertion order is log order. */
  readonly byId: Map<string, RememberedCommand<O>>
  /** Highest position in COMMANDS of each creation time that this aggregate has seen; only the newest creation time counts. */
  source?: { readonly created: string; readonly seq: number }
}

export const REMEMBER_AT_LEAST = 16
export const REMEMBER_AT_MOST = 1024
export const REMEMBER_FOR_MS = 24 * 60 * 60 * 1000

export const nothingRemembered = <O = CommandOutcome>(): RememberedCommands<O> => ({ byId: new Map() })

/** Adds one and forgets what is too old or too many; `now` is the commit's `at`. */
export const remember = <O>(commands: RememberedCommands<O>, entry: RememberedCommand<O>): void => {
  commands.byId.delete(entry.id)
  commands.byId.set(entry.id, entry)
  for (const [id, old] of commands.byId) {
    const { size } = commands.byId
    const expendable = size > REMEMBER_AT_LEAST && entry.at - old.at > REMEMBER_FOR_MS
    if (size <= REMEMBER_AT_MOST && !expendable) break
    commands.byId.delete(id)
  }
}

/** Notes that a command of this place in COMMANDS was seen; an older one of the same creation time changes nothing. */
export const noteSource = <O>(
  commands: RememberedCommands<O>,
  source: NonNullable<RememberedCommands['source']>,
): void => {
  const known = commands.source
  if (known === undefined || source.created !== known.created || source.seq > known.seq) commands.source = source
}
