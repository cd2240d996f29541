/**
 * An agent as far as its connection goes, on a connection of its own: announces itself, hears its doorbell, and after every loss of
 * the connection does what the real one does: comes back by the same pauses, reads its document, tells what it
 * has not told, and beats.
 */
import {
  COMMIT_SCHEMA,
  HEARTBEAT_SCHEMA,
  nodeActor,
  type BootId,
  type JournalId,
  type NodeId,
} from '@dunlin/contracts/agent'
import { desiredSubject, doorbellSubject, heartbeatSubject, reportSubject, rpcSubject } from '@dunlin/nats/agent'
import { openWire, type Delivered, type Wire } from './wire.ts'

export interface LightAgent {
  readonly id: NodeId
  /** Sequence of the document's generation that it holds. */
  readonly generation: number
  /** Everything it has to tell is acknowledged, and nothing is asked any more. */
  readonly isSettled: boolean
  /** Connected: the server answered. */
  readonly isOpen: boolean
  /** Questions that were asked again because no answer came. */
  readonly again: number
  /** From now on: does not listen to its doorbell, and reports once when the connection is lost. */
  goDeaf(): void
  /** From now on: only connects. */
  onlyConnect(): void
  stop(): void
}

interface Acknowledgement {
  readonly seq?: number
  readonly error?: { readonly err_code?: number }
}

interface Identity {
  readonly id: NodeId
  readonly boot: BootId
  readonly journal: JournalId
  readonly execution: string
}

/** As the product's connection asks again, each time after twice as long: questions, reports, and what is not ready yet. */
const ASK_AGAIN_MS = { document: 4_000, last: 4_000, report: 3_000 } as const
const NOT_READY_AGAIN_MS = 50
const SOON_MS = 300
const WRONG_LAST_SEQUENCE: ReadonlySet<number> = new Set([10_071, 10_164])
/** Of the product's agent. */
const LONGEST_PAUSE_MS = 4_000
const CONTENT = 'c'.repeat(64)

export const startLightAgent = (port: number, { id, boot, journal, execution }: Identity): LightAgent => {
  const inbox = `_INBOX.${id}`
  let wire: Wire | undefined
  let isOpen = false
  let isDeaf = false
  let isBare = false
  let stopped = false
  let lostMs = 0
  let generation = 0
  let v = 0
  let lastSeq = 0
  let hasNews = false
  let announced = false
  let again = 0
  let beats = 0
  let refusals = 0
  /** What is asked: document, last report, and what to tell; each until there is an answer. */
  const open = new Map<'document' | 'last' | 'report', NodeJS.Timeout>()

  const ask = (what: 'document' | 'last' | 'report', afterMs = 0, tries = 0): void => {
    clearTimeout(open.get(what))
    open.set(
      what,
      setTimeout(() => {
        if (!isOpen || stopped) return
        send(what)
        open.set(
          what,
          setTimeout(
            () => {
              again += 1
              ask(what, 0, tries + 1)
            },
            ASK_AGAIN_MS[what] * 2 ** Math.min(4, tries) * (0.75 + Math.random() / 2),
          ),
        )
      }, afterMs),
    )
  }
  const answered = (what: 'document' | 'last' | 'report'): void => {
    clearTimeout(open.get(what))
    open.delete(what)
  }

  const send = (what: 'document' | 'last' | 'report'): void => {
    if (what === 'document') wire?.publish(`$JS.API.DIRECT.GET.DESIRED.${desiredSubject(id)}`, '', `${inbox}.document`)
    else if (what === 'last') wire?.publish(`$JS.API.DIRECT.GET.EVENTS.${reportSubject(id)}`, '', `${inbox}.last`)
    else {
      const types = announced ? 'ExecutionReported' : 'NodeAnnounced'
      const header = `NATS/1.0\r\nNats-Expected-Last-Subject-Sequence: ${lastSeq}\r\nDunlin-Types: ${types}\r\n\r\n`
      const commit = { s: COMMIT_SCHEMA, v: v + 1, cmd: `${boot}/${v + 1}`, by: nodeActor(id), at: Date.now() }
      const ev = [announced ? reported() : announcement()]
      wire?.publishWith(header, reportSubject(id), JSON.stringify({ ...commit, ev }), `${inbox}.report`)
    }
  }

  const announcement = () => ({
    type: 'NodeAnnounced',
    boot,
    protocol: [1, 1],
    agentVersion: 'light',
    labels: {},
    drivers: ['process'],
    resources: { cpus: 1, memoryBytes: 1_000_000 },
    journal,
    j: 0,
    executions: [],
  })
  const reported = () => ({
    type: 'ExecutionReported',
    journal,
    j: v,
    execution,
    job: { namespace: 'default', name: 'light' },
    generation: [0, 1],
    content: CONTENT,
    state: 'completed',
    attempt: 1,
    at: Date.now(),
  })
  const beat = (): void => {
    const heartbeat = { s: HEARTBEAT_SCHEMA, node: id, boot, n: (beats += 1), at: Date.now() }
    wire?.publish(heartbeatSubject(id), JSON.stringify({ ...heartbeat, gen: [0, generation], rep: lastSeq, ex: [] }))
  }

  const onMessage = ({ subject, header, body }: Delivered): void => {
    if (subject === doorbellSubject(id)) {
      if (!isDeaf) hold(body)
      return
    }
    const what = subject.slice(inbox.length + 1)
    if (what !== 'document' && what !== 'last' && what !== 'report') return
    // No stream answers yet, or it has not read its files: a server that has just started.
    if (header.startsWith('NATS/1.0 503')) {
      again += 1
      return ask(what, NOT_READY_AGAIN_MS)
    }
    if (what === 'document') {
      answered(what)
      if (body.length > 0) hold(body)
    } else if (what === 'last') {
      answered(what)
      const seq = Number(/Nats-Sequence: (\d+)/.exec(header)?.[1] ?? 0)
      const own = body.includes(`"cmd":"${boot}/${v + 1}"`)
      if (own) accepted(seq)
      else lastSeq = seq
      if (!announced || hasNews) ask('report')
    } else onAck(JSON.parse(body.toString('utf8')) as Acknowledgement)
  }
  const onAck = ({ seq, error }: Acknowledgement): void => {
    if (error === undefined && seq !== undefined) return accepted(seq)
    again += 1
    if (error?.err_code !== undefined && WRONG_LAST_SEQUENCE.has(error.err_code)) {
      // Something else stands there: it may be this very report, whose acknowledgement was lost.
      answered('report')
      return ask('last')
    }
    // It may pass: too many requests at once, or a stream that is not there yet.
    refusals += 1
    ask('report', SOON_MS * 2 ** Math.min(5, refusals - 1) * (0.5 + Math.random()))
  }
  const accepted = (seq: number): void => {
    answered('report')
    refusals = 0
    lastSeq = seq
    v += 1
    if (announced) hasNews = false
    announced = true
    beat()
  }
  const hold = (body: Buffer): void => {
    const document = JSON.parse(body.toString('utf8')) as { readonly generation: readonly [number, number] }
    generation = Math.max(generation, document.generation[1])
  }

  const dial = (): void => {
    if (stopped) return
    wire = openWire(port, {
      onOpen: () => {
        isOpen = true
        if (isBare) return
        for (const subject of [doorbellSubject(id), `${rpcSubject(id, 'x').slice(0, -1)}>`, `${inbox}.>`])
          wire?.subscribe(subject)
        ask('document')
        // Who has something to tell learns by that who wrote last.
        ask(announced && hasNews ? 'report' : 'last')
      },
      onMessage,
      onLost: () => {
        if (isOpen) {
          lostMs = performance.now()
          if (isDeaf) hasNews = true
        }
        isOpen = false
        for (const timer of open.values()) clearTimeout(timer)
        open.clear()
        const pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(20, (performance.now() - lostMs) / 4))
        setTimeout(dial, pauseMs * (0.5 + Math.random() / 2))
      },
    })
  }
  lostMs = performance.now()
  dial()
  return {
    id,
    get generation() {
      return generation
    },
    get isSettled() {
      return isOpen && announced && !hasNews && open.size === 0
    },
    get isOpen() {
      return isOpen
    },
    get again() {
      return again
    },
    goDeaf: () => void (isDeaf = true),
    onlyConnect: () => void (isBare = true),
    stop: () => {
      stopped = true
      for (const timer of open.values()) clearTimeout(timer)
      wire?.close()
    },
  }
}
