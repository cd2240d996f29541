/**
 * A client that does not give up: the same command under the same id, to one API after the other, until one of them says
 * yes or no. It remembers what was said, and the ledger compares that with the log.
 */
import { setTimeout as delay } from 'node:timers/promises'

export type Said = 'acknowledged' | 'refused' | 'unknown'

export interface SentCommand {
  readonly id: string
  readonly what: string
  said: Said
  /** Code of the refusal. */
  code?: string
}

export interface Person {
  readonly sent: readonly SentCommand[]
  /** Resolves with the answer's body when acknowledged, undefined when refused or given up. */
  send(
    what: string,
    method: string,
    path: string,
    body: unknown,
  ): Promise<Readonly<Record<string, unknown>> | undefined>
  /** Resolves when every command that was sent has its answer. */
  allAnswered(): Promise<void>
  /** No command is sent again from now on. */
  giveUp(): void
}

const AGAIN_MS = 60
const ANSWER_WITHIN_MS = 5_000

export const createPerson = (name: string, urls: () => readonly string[]): Person => {
  const sent: SentCommand[] = []
  const pending = new Set<Promise<unknown>>()
  const over = new AbortController()

  const attempt = async (url: string, method: string, id: string, body: unknown): Promise<Response | undefined> => {
    try {
      return await fetch(url, {
        method,
        headers: { 'content-type': 'application/json', 'idempotency-key': id, 'x-dunlin-actor': 'chaos' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      })
    } catch {
      return undefined
    }
  }

  const carry = async (command: SentCommand, method: string, path: string, body: unknown) => {
    for (let turn = sent.length; !over.signal.aborted; turn += 1) {
      const all = urls()
      const base = all[turn % all.length]
      const response = base === undefined ? undefined : await attempt(`${base}${path}`, method, command.id, body)
      const answer = (await response?.json().catch(() => undefined)) as Record<string, unknown> | undefined
      if (response !== undefined && answer !== undefined) {
        if (response.ok) {
          command.said = 'acknowledged'
          return answer
        }
        if (answer['retryable'] === false) {
          command.said = 'refused'
          command.code = String(answer['code'])
          return undefined
        }
      }
      await delay(AGAIN_MS)
    }
    return undefined
  }

  return {
    sent,
    send: (what, method, path, body) => {
      const command: SentCommand = { id: `${name}-${sent.length + 1}`, what, said: 'unknown' }
      sent.push(command)
      const work = carry(command, method, path, body).finally(() => pending.delete(work))
      pending.add(work)
      return work
    },
    allAnswered: async () => void (await Promise.all(pending)),
    giveUp: () => over.abort(),
  }
}
