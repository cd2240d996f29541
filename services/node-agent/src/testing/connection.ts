/** One agent's connection to a centre in memory: it can be cut by itself, loses what is sent meanwhile, and counts what is read. */
import { DunlinError } from '@dunlin/contracts/agent'
import type { Subscription } from '@dunlin/eventstore/agent'
import type { Centre } from './centre.ts'

export interface Connection {
  /** The centre as this agent sees it. */
  readonly centre: Centre
  /** Reads that were answered. */
  readonly reads: { documents: number; contents: number; reports: number }
  cut(): void
  restore(): void
}

export const connectTo = (centre: Centre): Connection => {
  let isCut = false
  const listeners = new Set<(live: boolean) => void>()
  const subscriptions = new Set<(live: boolean) => void>()
  const reads = { documents: 0, contents: 0, reports: 0 }
  const connected = async <T>(act: () => Promise<T>): Promise<T> => {
    if (isCut) throw new DunlinError('log_unavailable')
    const result = await act()
    // The answer of a question that was under way is lost as well.
    if (isCut) throw new DunlinError('log_unavailable')
    return result
  }
  const counting = (kind: keyof typeof reads): void => void (reads[kind] += 1)
  const turn = (live: boolean): void => {
    isCut = !live
    for (const subscription of subscriptions) subscription(live)
    for (const listener of listeners) listener(live)
  }
  return {
    reads,
    cut: () => turn(false),
    restore: () => turn(true),
    centre: {
      ...centre,
      bus: {
        ...centre.bus,
        publish: (subject, data, headers) => {
          if (!isCut) centre.bus.publish(subject, data, headers)
        },
        subscribe: (subject, handler, options) => {
          let made: Subscription | undefined
          const turned = (live: boolean): void => {
            made?.stop()
            made = live ? centre.bus.subscribe(subject, handler, options) : undefined
          }
          turned(!isCut)
          subscriptions.add(turned)
          return {
            stop: () => {
              subscriptions.delete(turned)
              made?.stop()
            },
          }
        },
        request: (subject, data, timeoutMs) => connected(() => centre.bus.request(subject, data, timeoutMs)),
        onLive: (listener) => {
          listeners.add(listener)
          return { stop: () => void listeners.delete(listener) }
        },
      },
      reports: {
        append: (request) => connected(() => centre.reports.append(request)),
        last: async (subject) => {
          const last = await connected(() => centre.reports.last(subject))
          counting('reports')
          return last
        },
      },
      desired: {
        get: async (key) => {
          const entry = await connected(() => centre.desired.get(key))
          counting('documents')
          return entry
        },
      },
      specs: {
        get: async (key) => {
          const entry = await connected(() => centre.specs.get(key))
          counting('contents')
          return entry
        },
      },
    },
  }
}
