/**
 * A plug between a service and its ports. Pulled, it is what kill -9 is to a process: calls under way are never answered,
 * later ones never leave, nothing is heard any more. What was sent before may have taken effect. Frozen, it is SIGSTOP:
 * the world goes on without the service, and all it missed arrives at once when it thaws.
 */
import type { StorePorts } from '@dunlin/eventstore'
import type { Clock } from '@dunlin/runtime'

export interface Plugged {
  readonly store: StorePorts
  readonly clock: Clock
  pull(): void
  freeze(): void
  thaw(): void
  /**
   * Acts at the `calls`-th call to a port from now on: `before` it leaves, or `after` it left, so that it takes effect but
   * its answer finds nobody. This is how a service is struck between any two steps, not only when it waits.
   */
  strike(calls: number, when: 'before' | 'after', act: () => void): void
}

interface Stoppable {
  stop(): unknown
}

type Method = (...args: unknown[]) => unknown

/** Methods that return a subscription. */
const SUBSCRIBES: ReadonlySet<PropertyKey> = new Set(['subscribe', 'onLive', 'follow', 'consume'])

const never = <T>(): Promise<T> => new Promise<T>(() => {})
const isStoppable = (value: unknown): value is Stoppable =>
  typeof value === 'object' && value !== null && 'stop' in value && typeof value.stop === 'function'
const isIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

/** What comes in: answers, deliveries, timers. Each passes, waits for the thaw, or finds nobody. */
const createGate = (clock: Clock) => {
  let is: 'open' | 'frozen' | 'thawing' | 'gone' = 'open'
  const waiting: (() => void)[] = []
  /** One after the other, as they came: what each of them causes is over before the next. */
  const next = (): void => {
    if (is !== 'thawing') return
    const run = waiting.shift()
    if (run === undefined) {
      is = 'open'
      return
    }
    run()
    clock.after(0, next)
  }
  return {
    enter: (run: () => void): void => {
      if (is === 'open') run()
      else if (is !== 'gone') waiting.push(run)
    },
    isGone: (): boolean => is === 'gone',
    isOpen: (): boolean => is === 'open',
    freeze: (): void => {
      if (is !== 'gone') is = 'frozen'
    },
    thaw: (): void => {
      if (is !== 'frozen') return
      is = 'thawing'
      clock.after(0, next)
    },
    close: (): void => {
      is = 'gone'
      waiting.length = 0
    },
  }
}
type Gate = ReturnType<typeof createGate>

/** A callback given to a port: it is called through the gate. */
const through =
  (gate: Gate, run: Method) =>
  (...args: unknown[]): unknown => {
    if (gate.isOpen()) return run(...args)
    return new Promise((resolve) => gate.enter(() => resolve(run(...args))))
  }

const guardArg = (gate: Gate, arg: unknown): unknown => {
  if (typeof arg === 'function') return through(gate, arg as Method)
  if (arg === null || typeof arg !== 'object' || Array.isArray(arg) || arg instanceof Uint8Array) return arg
  const members = Object.entries(arg)
  if (!members.some(([, value]) => typeof value === 'function')) return arg
  return Object.fromEntries(members.map(([key, value]) => [key, guardArg(gate, value)]))
}

const guardAnswer = (gate: Gate, answer: Promise<unknown>): Promise<unknown> =>
  new Promise((resolve, reject) => {
    answer.then(
      (value) => gate.enter(() => resolve(value)),
      (error: unknown) => gate.enter(() => reject(error instanceof Error ? error : new Error(String(error)))),
    )
  })

async function* guardItems(gate: Gate, items: AsyncIterable<unknown>): AsyncGenerator {
  const iterator = items[Symbol.asyncIterator]()
  for (;;) {
    const next = (await guardAnswer(gate, iterator.next())) as IteratorResult<unknown>
    if (next.done === true) return
    yield next.value
  }
}

export const plug = (store: StorePorts, clock: Clock): Plugged => {
  const gate = createGate(clock)
  const open = new Set<Stoppable>()
  let blow: { left: number; readonly when: 'before' | 'after'; readonly act: () => void } | undefined

  /** Counts a call down; true when it must be struck now. */
  const isStruck = (): boolean => {
    if (blow === undefined) return false
    blow.left -= 1
    return blow.left <= 0
  }
  const strikeNow = (): void => {
    const act = blow?.act
    blow = undefined
    act?.()
  }

  /** What is asked of the dead must still have a shape: a subscription can be stopped, a promise awaited. */
  const nothing = (name: PropertyKey): unknown => (SUBSCRIBES.has(name) ? { stop: never } : never())

  const call = (port: object, name: PropertyKey, method: Method, args: unknown[]): unknown => {
    const struck = !gate.isGone() && isStruck()
    if (struck && blow?.when === 'before') strikeNow()
    if (gate.isGone()) return nothing(name)
    const answer = Reflect.apply(
      method,
      port,
      args.map((arg) => guardArg(gate, arg)),
    )
    if (struck && blow !== undefined) strikeNow()
    if (answer instanceof Promise) return guardAnswer(gate, answer)
    if (isIterable(answer)) return guardItems(gate, answer)
    if (!isStoppable(answer)) return answer
    // Who is gone listens no more; the server knows that of a connection that is closed.
    if (gate.isGone()) void answer.stop()
    else open.add(answer)
    return { stop: () => (open.delete(answer), answer.stop()) }
  }

  const guard = <P extends object>(port: P): P =>
    new Proxy(port, {
      get: (target, name, receiver) => {
        const value: unknown = Reflect.get(target, name, receiver)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => call(target, name, value as Method, args)
      },
    })

  return {
    store: {
      log: guard(store.log),
      bus: guard(store.bus),
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
      after: (delayMs, run) => {
        let cancelled = false
        const timer = clock.after(delayMs, () => gate.enter(() => void (cancelled || run())))
        return { cancel: () => ((cancelled = true), timer.cancel()) }
      },
    },
    pull: () => {
      gate.close()
      for (const one of open) void one.stop()
      open.clear()
    },
    freeze: gate.freeze,
    thaw: gate.thaw,
    strike: (calls, when, act) => {
      blow = { left: Math.max(1, calls), when, act }
    },
  }
}
