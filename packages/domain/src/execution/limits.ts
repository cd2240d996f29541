/**
 * What the centre keeps of one node's own words. A node's credential lets it write reports without end, so memory must not
 * follow what it writes: beyond these numbers nothing is kept, and how much was left out is counted. They lie above what an
 * agent can say: an announcement is one message of at most a mebibyte, in which 4,000 executions find no room.
 */
import type { NodeAnnounced, Transition } from '@dunlin/contracts'

/** How many executions that ended are kept between two announcements. */
export const ENDED_KEPT = 64
export const MOST_EXECUTIONS = 4_096
/** Journals of one boot: the present one, and an older one that may still drain. */
export const MOST_JOURNALS = 4
/** Labels that a node announces. */
export const MOST_OWN_LABELS = 128

/** Above what an agent sends; and for a node with very many executions, what all of them together still have room for. */
const TEXT_CHARS = 2_000
const SHORT_CHARS = 256

/** What was left out, since the node first wrote. Absent while nothing was. */
export interface Surplus {
  /** Transitions of executions beyond `MOST_EXECUTIONS`. */
  readonly executions: number
  /** Transitions of journals beyond `MOST_JOURNALS`. */
  readonly journals: number
  /** Labels beyond `MOST_OWN_LABELS` in the last announcement. */
  readonly labels: number
}

export const noSurplus: Surplus = { executions: 0, journals: 0, labels: 0 }

/** A copy: a slice would hold on to the whole text. */
const clip = (text: string, chars: number): string =>
  text.length > chars ? (JSON.parse(JSON.stringify(text.slice(0, chars))) as string) : text

/** Only what the schema names: what else a node writes into it is kept nowhere. */
export const keptTransition = (given: Transition, isCrowded: boolean): Transition => {
  const { execution, job, generation, content, state, attempt, at, exit, error, nextAttemptAt, replaces } = given
  // Written out: spreading what may be absent costs more than all the rest, and every report passes here.
  const known: Transition = {
    execution,
    job: { namespace: job.namespace, name: job.name },
    generation: [generation[0], generation[1]],
    content,
    state,
    attempt,
    at,
  }
  if (exit !== undefined) known.exit = { code: exit.code, signal: exit.signal }
  if (error !== undefined) {
    const chars = isCrowded ? SHORT_CHARS : TEXT_CHARS
    const { code, message, hint } = error
    known.error = { code, message: clip(message, chars), ...(hint === undefined ? {} : { hint: clip(hint, chars) }) }
  }
  if (nextAttemptAt !== undefined) known.nextAttemptAt = nextAttemptAt
  if (replaces !== undefined) known.replaces = replaces
  return known
}

export type Announced = Omit<NodeAnnounced, 'type' | 'executions'> & { readonly at: number }

export const keptAnnouncement = (event: NodeAnnounced, at: number): Announced => {
  const { boot, protocol, agentVersion, drivers, capabilities, resources, journal, j, problems } = event
  const { cpus, memoryBytes, diskBytes } = resources
  return {
    boot,
    protocol: [protocol[0], protocol[1]],
    agentVersion,
    labels: Object.fromEntries(Object.entries(event.labels).slice(0, MOST_OWN_LABELS)),
    drivers: [...drivers],
    ...(capabilities === undefined ? {} : { capabilities: [...capabilities] }),
    resources: { cpus, memoryBytes, ...(diskBytes === undefined ? {} : { diskBytes }) },
    journal,
    j,
    ...(problems === undefined
      ? {}
      : { problems: problems.map(({ code, message }) => ({ code, message: clip(message, TEXT_CHARS) })) }),
    at,
  }
}
