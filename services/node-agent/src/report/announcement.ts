/**
 * An announcement is one message, and it must fit: a node with very many failed executions tells their causes shortly,
 * and in the last resort leaves out the oldest that are over. What runs is always told.
 */
import type { Transition } from '@dunlin/contracts/agent'
import type { Unsent } from '../journal/journal.ts'

/** Below the payload limit of 1 MiB, with room for the rest of the commit. */
const MOST_ANNOUNCED_BYTES = 900 * 1024
const SHORT = 100

export const fitAnnouncement = (latest: readonly Transition[], mostBytes = MOST_ANNOUNCED_BYTES): Transition[] => {
  if (sizeOf(latest) <= mostBytes) return [...latest]
  const short = latest.map(shortened)
  let size = sizeOf(short)
  const oldestFirst = short.filter(isOver).toSorted((a, b) => a.at - b.at)
  const left = new Set<Transition>()
  for (const transition of oldestFirst) {
    if (size <= mostBytes) break
    left.add(transition)
    size -= sizeOf(transition)
  }
  return short.filter((transition) => !left.has(transition))
}

/** Each with the number of unsent transitions of its execution that nobody will read any more because it is told instead. */
export const standingFor = (latest: readonly Transition[], unsent: readonly Unsent[]): Transition[] => {
  const byExecution = Map.groupBy(unsent, ({ transition }) => transition.execution)
  return latest.map((one) => {
    const passedOver = (byExecution.get(one.execution) ?? []).filter(({ transition }) => !isSame(transition, one))
    const count = passedOver.reduce((sum, { transition }) => sum + 1 + (transition.replaces ?? 0), 0)
    return count === 0 ? one : { ...one, replaces: (one.replaces ?? 0) + count }
  })
}

const isSame = (a: Transition, b: Transition): boolean =>
  a.state === b.state && a.attempt === b.attempt && a.at === b.at

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))

const shortened = (transition: Transition): Transition => {
  if (!transition.error) return transition
  const { code, message } = transition.error
  return { ...transition, error: { code, message: message.slice(0, SHORT) } }
}

const isOver = ({ state }: Transition): boolean => state === 'stopped' || state === 'completed' || state === 'failed'
