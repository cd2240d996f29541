/**
 * A plug between a service and its ports. Pulled, it is what kill -9 is to a process: calls under way are never answered,
 * later ones never leave, nothing is heard any more. What was sent before may have taken effect.
 */
import type { Bus, Log, StorePorts } from '@dunlin/eventstore'
import type { Clock } from '@dunlin/runtime'

export interface Plugged {
  readonly store: StorePorts
  readonly clock: Clock
  pull(): void
}

const never = <T>(): Promise<T> => new Promise<T>(() => {})

export const plug = (store: StorePorts, clock: Clock): Plugged => {
  let alive = true
  /** Wraps every method: while pulled nothing gets in or out. Callbacks given to a port fall silent too. */
  const guard = <P extends object>(port: P): P =>
    new Proxy(port, {
      get: (target, name, receiver) => {
        const value: unknown = Reflect.get(target, name, receiver)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => {
          if (!alive) return name === 'subscribe' || name === 'onLive' ? { stop: () => {} } : never()
          const result: unknown = Reflect.apply(value, target, args.map(silence))
          if (!(result instanceof Promise)) return result
          return new Promise((resolve, reject) => {
            result.then(
              (answer) => alive && resolve(answer),
              (error: unknown) => alive && reject(error instanceof Error ? error : new Error(String(error))),
            )
          })
        }
      },
    })
  const silence = (arg: unknown): unknown => {
    if (typeof arg === 'function')
      return (...args: unknown[]): unknown => (alive ? Reflect.apply(arg, undefined, args) : undefined)
    if (arg === null || typeof arg !== 'object' || Array.isArray(arg) || arg instanceof Uint8Array) return arg
    const handlers = Object.entries(arg)
    if (!handlers.some(([, value]) => typeof value === 'function')) return arg
    return Object.fromEntries(handlers.map(([key, value]) => [key, silence(value)]))
  }
  return {
    store: {
      log: guard<Log>(store.log),
      bus: guard<Bus>(store.bus),
      leases: guard(store.leases),
      desired: guard(store.desired),
      specs: guard(store.specs),
      commands: guard(store.commands),
      snapshots: guard(store.snapshots),
      archive: guard(store.archive),
    },
    clock: {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
      after: (delayMs, run) => clock.after(delayMs, () => alive && run()),
    },
    pull: () => {
      alive = false
    },
  }
}
