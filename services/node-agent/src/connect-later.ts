/**
 * The agent's connection before there is one. An agent that starts without a network must still look after what runs, so
 * its ports exist from the start: reads and appends fail as they do when the connection is lost, and subscriptions are
 * made as soon as the server answers.
 */
import { DunlinError } from '@dunlin/contracts/agent'
import type { Subscription } from '@dunlin/eventstore/agent'
import type { ConnectedAgent } from '@dunlin/nats/agent'
import type { AgentPorts } from './ports.ts'

export type ConnectionPorts = Pick<AgentPorts, 'bus' | 'reports' | 'desired' | 'specs'>

export const connectLater = (connecting: Promise<ConnectedAgent>): ConnectionPorts & { close(): Promise<void> } => {
  let connected: ConnectedAgent | undefined
  let closed = false
  const ready = connecting.then(
    (agent) => {
      if (closed) return void agent.close()
      connected = agent
    },
    () => undefined,
  )
  const now = (): ConnectedAgent => {
    if (!connected) throw new DunlinError('log_unavailable', 'There was no connection to the server yet.')
    return connected
  }
  /** Makes it now, or when the connection is there; it may be stopped before that. */
  const whenConnected = (make: (agent: ConnectedAgent) => Subscription): Subscription => {
    if (connected) return make(connected)
    let made: Subscription | undefined
    let stopped = false
    void ready.then(() => {
      if (connected && !stopped) made = make(connected)
    })
    return {
      stop: () => {
        stopped = true
        made?.stop()
      },
    }
  }
  return {
    bus: {
      publish: (subject, data, headers) => connected?.bus.publish(subject, data, headers),
      subscribe: (subject, handler, options) => whenConnected(({ bus }) => bus.subscribe(subject, handler, options)),
      request: async (subject, data, timeoutMs) => now().bus.request(subject, data, timeoutMs),
      flush: async () => connected?.bus.flush(),
      onLive: (handler) =>
        whenConnected(({ bus }) => {
          // The first connection is news only to who asked before it.
          queueMicrotask(() => handler(true))
          return bus.onLive(handler)
        }),
    },
    reports: {
      append: async (request) => now().reports.append(request),
      last: async (subject) => now().reports.last(subject),
    },
    desired: { get: async (key) => now().desired.get(key) },
    specs: { get: async (key) => now().specs.get(key) },
    close: async () => {
      closed = true
      await connected?.close()
    },
  }
}
