/** A centre of one test: what an agent sees of the log, the documents and the bus, in memory, with faults on request. */
import {
  canonicalJson,
  DunlinError,
  type Commit,
  type Content,
  type DesiredDocument,
  type DesiredExecution,
  type Heartbeat,
  type NodeId,
  type ReportEvent,
} from '@dunlin/contracts/agent'
import type { AppendRequest, AppendResult, Bus, BusMessage, KvEntry, Recorded } from '@dunlin/eventstore/agent'
import { doorbellSubject } from '@dunlin/nats/agent'
import { sha256 } from '@dunlin/runtime/agent'

export interface Centre {
  readonly bus: Bus
  readonly reports: {
    append(request: AppendRequest): Promise<AppendResult>
    last(subject: string): Promise<Recorded | undefined>
  }
  readonly desired: { get(key: string): Promise<KvEntry | undefined> }
  readonly specs: { get(key: string): Promise<KvEntry | undefined> }
  readonly commits: { readonly seq: number; readonly commit: Commit<ReportEvent> }[]
  readonly heartbeats: Heartbeat[]
  /** Faults: nothing answers; the log stores and the acknowledgement is lost; appends are never answered. */
  readonly faults: { down: boolean; loseAcks: number; hang: boolean }
  storeContent(content: Content): DesiredExecution['content']
  storeRaw(hash: string, body: Uint8Array): void
  /** Writes the document and rings. */
  write(document: DesiredDocument | Uint8Array, node: NodeId): void
  states(execution: string): string[]
  /** Forgets every commit above `seq`, as a restored server does. */
  rewindTo(seq: number): void
}

export const createCentre = (): Centre => {
  const stored: Recorded[] = []
  const specs = new Map<string, Uint8Array>()
  const documents = new Map<string, Uint8Array>()
  const commits: { seq: number; commit: Commit<ReportEvent> }[] = []
  const heartbeats: Heartbeat[] = []
  const faults = { down: false, loseAcks: 0, hang: false }
  const handlers = new Set<{ subject: string; run: (message: BusMessage) => void }>()

  const deliver = (subject: string, data: Uint8Array, respond?: (data: Uint8Array) => void): number => {
    let count = 0
    for (const { subject: pattern, run } of handlers) {
      if (!matches(pattern, subject)) continue
      count += 1
      const answer = (bytes: Uint8Array): boolean => (respond?.(bytes), respond !== undefined)
      queueMicrotask(() => run({ subject, data, headers: {}, respond: answer }))
    }
    return count
  }

  const bus: Bus = {
    publish: (subject, data) => {
      if (faults.down) return
      if (subject.startsWith('hb.')) heartbeats.push(JSON.parse(new TextDecoder().decode(data)) as Heartbeat)
      deliver(subject, data)
    },
    subscribe: (subject, run) => {
      const handler = { subject, run }
      handlers.add(handler)
      return { stop: () => void handlers.delete(handler) }
    },
    request: (subject, data, timeoutMs) =>
      new Promise((resolve, reject) => {
        const none = (): void => reject(new DunlinError('no_answer'))
        const timer = setTimeout(none, timeoutMs)
        const done = (answer: Uint8Array | undefined): void => {
          clearTimeout(timer)
          if (!answer) return none()
          resolve({ subject: '_INBOX', data: answer, headers: {}, respond: () => false })
        }
        if (faults.down || deliver(subject, data, done) === 0) done(undefined)
      }),
    requestMany: (subject, data, { onMessage, onNobody }) => {
      let open = true
      const answer = (bytes: Uint8Array): void =>
        queueMicrotask(() => {
          if (open && !faults.down) onMessage({ subject: '_INBOX', data: bytes, headers: {}, respond: () => false })
        })
      const say = (to: string, body: Uint8Array): void => {
        if (!faults.down && deliver(to, body, answer) === 0)
          queueMicrotask(() => open && onNobody(new DunlinError('no_answer')))
      }
      say(subject, data)
      return { say, stop: () => void (open = false) }
    },
    flush: () => Promise.resolve(),
    onLive: () => ({ stop: () => {} }),
  }

  const lastOf = (subject: string): Recorded | undefined => stored.findLast((one) => one.subject === subject)

  return {
    bus,
    commits,
    heartbeats,
    faults,
    reports: {
      append: async (request) => {
        await Promise.resolve()
        if (faults.down) throw unavailable()
        if (faults.hang) return new Promise<never>(() => {})
        const last = lastOf(request.subject)?.seq ?? 0
        if (last !== request.expected) return { ok: false, conflict: true, actual: last }
        const seq = stored.length + 1
        stored.push({ seq, subject: request.subject, data: request.data, storedAtMs: 0 })
        commits.push({ seq, commit: JSON.parse(new TextDecoder().decode(request.data)) as Commit<ReportEvent> })
        if (faults.loseAcks > 0) {
          faults.loseAcks -= 1
          throw unavailable()
        }
        return { ok: true, seq, duplicate: false }
      },
      last: async (subject) => {
        await Promise.resolve()
        if (faults.down) throw unavailable()
        return lastOf(subject)
      },
    },
    desired: {
      get: async (key) => {
        await Promise.resolve()
        if (faults.down) throw unavailable()
        return entryOf(documents.get(key), key)
      },
    },
    specs: {
      get: async (key) => {
        await Promise.resolve()
        if (faults.down) throw unavailable()
        return entryOf(specs.get(key), key)
      },
    },
    storeContent: (content) => {
      const body = canonicalJson(content)
      const hash = sha256(body)
      specs.set(hash, new TextEncoder().encode(body))
      return hash
    },
    storeRaw: (hash, body) => void specs.set(hash, body),
    write: (document, node) => {
      const bytes = document instanceof Uint8Array ? document : new TextEncoder().encode(JSON.stringify(document))
      documents.set(node, bytes)
      if (!faults.down) deliver(doorbellSubject(node), bytes)
    },
    rewindTo: (seq) => {
      stored.length = seq
      commits.length = seq
    },
    states: (execution) =>
      commits
        .flatMap(({ commit }) => commit.ev)
        .flatMap((event) => (event.type === 'ExecutionReported' && event.execution === execution ? [event.state] : [])),
  }
}

const unavailable = (): DunlinError => new DunlinError('log_unavailable')

const entryOf = (value: Uint8Array | undefined, key: string): KvEntry | undefined =>
  value && { key, value, revision: 1 }

const matches = (pattern: string, subject: string): boolean =>
  pattern === subject || (pattern.endsWith('>') && subject.startsWith(pattern.slice(0, -1)))
