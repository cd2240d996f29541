/**
 * What is wrong with this node, for people: shown in every heartbeat, and told to the log with an announcement when it has
 * changed, so that it can be explained later. At most once a minute: what comes and goes must not fill the log.
 */
import type { NodeProblem } from '@dunlin/contracts/agent'
import type { Clock, Logger, Timer } from '@dunlin/runtime/agent'

/** What a problem is about; there is one at a time of each. */
export type About = 'document' | 'content' | 'journal' | 'identity'

export interface Problems {
  raise(about: About, problem: NodeProblem): void
  clear(about: About): void
  all(): readonly NodeProblem[]
  stop(): void
}

const APART_MS = 60_000
const MOST_CHARS = 300

export const createProblems = (clock: Clock, logger: Logger, onTell: () => void): Problems => {
  const present = new Map<About, NodeProblem>()
  let toldMs = -Infinity
  let told = ''
  let timer: Timer | undefined
  let stopped = false

  const codes = (): string => [...present.values()].map(({ code }) => code).toString()
  const tell = (): void => {
    timer = undefined
    if (codes() === told) return
    told = codes()
    toldMs = clock.monotonicMs()
    onTell()
  }
  const changed = (): void => {
    if (!stopped) timer ??= clock.after(Math.max(0, toldMs + APART_MS - clock.monotonicMs()), tell)
  }

  return {
    raise: (about, { code, message }) => {
      const before = present.get(about)
      if (before?.code === code && before.message === message) return
      logger.error('this node has a problem', { about, code, problem: message })
      present.set(about, { code, message: message.slice(0, MOST_CHARS) })
      if (before?.code !== code) changed()
    },
    clear: (about) => {
      if (!present.delete(about)) return
      logger.info('a problem of this node is over', { about })
      changed()
    },
    all: () => [...present.values()],
    stop: () => {
      stopped = true
      timer?.cancel()
    },
  }
}
