/**
 * An announcement is one message, and it must fit: a node with very many failed executions tells their causes shortly,
 * and in the last resort leaves out the oldest that are over. What runs is always told.
 */
import type { Transition } from '@dunlin/contracts/agent'

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

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))

const shortened = (transition: Transition): Transition => {
  if (!transition.error) return transition
  const { code, message } = transition.error
  return { ...transition, error: { code, message: message.slice(0, SHORT) } }
}

const isOver = ({ state }: Transition): boolean => state === 'stopped' || state === 'completed' || state === 'failed'
