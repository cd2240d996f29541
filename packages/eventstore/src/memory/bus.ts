/** Core NATS in memory: wildcards, queue groups, requests. Nothing is kept; what nobody hears is lost. */
import { DunlinError } from '@dunlin/contracts/agent'
import type { Bus, BusMessage, Subscription } from '../bus.ts'
import type { Settings } from './options.ts'
import { matches } from './subject.ts'

interface Interest {
  readonly pattern: string
  readonly queue: string | undefined
  readonly handler: (message: BusMessage) => void
}

export interface BusFaults {
  /** While false, publishes are lost and requests get no answer; listeners of `onLive` are told of the change. */
  setLive(live: boolean): void
  /** The next `count` publishes are lost. */
  loseNext(count: number): void
  /**
   * Decides for every delivery of a message or an answer when it arrives: after how many ms, in order of the list. None =
   * it is lost, several = it is repeated, different ones of two messages = they change places. `undefined` ends it.
   */
  setFate(fate: ((subject: string) => readonly number[]) | undefined): void
}

export const createMemoryBus = (settings: Settings): { readonly bus: Bus; readonly faults: BusFaults } => {
  const { clock, schedule } = settings
  const interests = new Set<Interest>()
  const liveHandlers = new Set<(live: boolean) => void>()
  const turns = new Map<string, number>()
  let live = true
  let toLose = 0
  let inboxes = 0
  let fate: ((subject: string) => readonly number[]) | undefined

  const deliver = (subject: string, run: () => void): void => {
    if (fate === undefined) return schedule(run)
    for (const delayMs of fate(subject)) {
      if (delayMs > 0) clock.after(delayMs, run)
      else schedule(run)
    }
  }

  /** Who gets a message: everybody without a queue, one member of each queue in turn. */
  const receivers = (subject: string): Interest[] => {
    const found: Interest[] = []
    const groups = new Map<string, Interest[]>()
    for (const interest of interests) {
      if (!matches(interest.pattern, subject)) continue
      if (interest.queue === undefined) found.push(interest)
      else groups.set(interest.queue, [...(groups.get(interest.queue) ?? []), interest])
    }
    for (const [queue, members] of groups) {
      const turn = turns.get(queue) ?? 0
      turns.set(queue, turn + 1)
      const member = members[turn % members.length]
      if (member !== undefined) found.push(member)
    }
    return found
  }

  const send = (
    subject: string,
    data: Uint8Array,
    headers: Readonly<Record<string, string>>,
    respond: (data: Uint8Array) => boolean,
  ): boolean => {
    const to = receivers(subject)
    const message: BusMessage = { subject, data, headers, respond }
    for (const interest of to)
      deliver(subject, () => {
        if (interests.has(interest)) interest.handler(message)
      })
    return to.length > 0
  }

  const subscribe = (interest: Interest): Subscription => {
    interests.add(interest)
    return { stop: () => void interests.delete(interest) }
  }

  const bus: Bus = {
    publish(subject, data, headers = {}) {
      if (!live) return
      if (toLose > 0) return void toLose--
      send(subject, data, headers, () => false)
    },
    subscribe: (pattern, handler, options) => subscribe({ pattern, handler, queue: options?.queue }),
    request: (subject, data, timeoutMs) =>
      new Promise((resolve, reject) => {
        let open = true
        const timer = clock.after(timeoutMs, () => {
          open = false
          reject(new DunlinError('no_answer', `${subject} did not answer within ${timeoutMs} ms.`))
        })
        const inbox = `_INBOX.${++inboxes}`
        const respond = (answer: Uint8Array): boolean => {
          schedule(() => {
            if (!open || !live) return
            open = false
            timer.cancel()
            resolve({ subject: inbox, data: answer, headers: {}, respond: () => false })
          })
          return true
        }
        if (!live) return
        if (send(subject, data, {}, respond)) return
        open = false
        timer.cancel()
        schedule(() => reject(new DunlinError('no_answer', `Nobody listens on ${subject}.`)))
      }),
    requestMany(subject, data, { onMessage, onNobody }) {
      let open = true
      const inbox = `_INBOX.${++inboxes}`
      const respond = (answer: Uint8Array): boolean => {
        if (live)
          deliver(inbox, () => {
            if (open && live) onMessage({ subject: inbox, data: answer, headers: {}, respond: () => false })
          })
        return true
      }
      const say = (to: string, body: Uint8Array): void => {
        if (!open || !live || send(to, body, {}, respond)) return
        schedule(() => {
          if (open) onNobody(new DunlinError('no_answer', `Nobody listens on ${to}.`))
        })
      }
      say(subject, data)
      return { say, stop: () => void (open = false) }
    },
    flush: () => new Promise((resolve) => schedule(resolve)),
    onLive(handler) {
      liveHandlers.add(handler)
      return { stop: () => void liveHandlers.delete(handler) }
    },
  }
  return {
    bus,
    faults: {
      setLive(next) {
        if (next === live) return
        live = next
        for (const handler of liveHandlers) handler(next)
      },
      loseNext: (count) => void (toLose = count),
      setFate: (decide) => void (fate = decide),
    },
  }
}
