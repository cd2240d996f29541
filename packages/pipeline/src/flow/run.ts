// The loop of a pipeline: read a batch, process it, deliver it, and only then tell the input that it is done with.
import type { Input, InputBatch, Output, PipelinePorts, Processor } from '../components/types.ts'
import { pause } from './pause.ts'
import type { Message } from '../mapping/message.ts'

export interface Tally {
  received: number
  delivered: number
  failed: number
  dropped: number
  /** Why the output does not take messages at present. */
  outputProblem: string | undefined
}

export interface Flow {
  readonly input: Input
  readonly processors: readonly Processor[]
  readonly output: Output
  readonly ports: PipelinePorts
  readonly tally: Tally
  readonly signal: AbortSignal
}

const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5000
/** At most this often a failed message is told; the counters have them all. */
const TELL_EVERY_MS = 1000

export async function runFlow(flow: Flow): Promise<'stopped' | 'completed'> {
  const tell = teller(flow.ports)
  for (;;) {
    const batch = await flow.input.next(flow.signal)
    if (batch === undefined) return flow.signal.aborted ? 'stopped' : 'completed'
    const messages = process(flow, batch, tell)
    if (messages.length > 0 && !(await deliver(flow, messages))) return 'stopped'
    batch.commit()
  }
}

type Tell = (reason: string) => void

function process(flow: Flow, batch: InputBatch, tell: Tell): Message[] {
  const { tally } = flow
  const outgoing: Message[] = []
  for (const item of batch.items) {
    tally.received++
    if (item.kind === 'unreadable') {
      tally.failed++
      tell(item.reason)
      continue
    }
    const messages = through(flow.processors, item.message)
    if (messages.length === 0) tally.dropped++
    const error = messages.find((message) => message.error !== undefined)?.error
    if (error !== undefined) {
      tally.failed++
      tell(error.message)
    }
    outgoing.push(...messages)
  }
  return outgoing
}

function through(processors: readonly Processor[], message: Message): readonly Message[] {
  let messages: readonly Message[] = [message]
  for (const processor of processors) messages = messages.flatMap((one) => processor(one))
  return messages
}

/** Offers the messages until the output takes them; false when the pipeline was stopped before. */
async function deliver(flow: Flow, messages: readonly Message[]): Promise<boolean> {
  const { tally, output, ports, signal } = flow
  for (let attempt = 0; ; attempt++) {
    try {
      await output.write(messages)
      tally.delivered += messages.length
      tally.outputProblem = undefined
      return true
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (attempt === 0) {
        tally.failed += messages.filter((message) => message.error === undefined).length
        ports.log('warn', 'the output refused messages; they are offered again', { reason, messages: messages.length })
      }
      tally.outputProblem = `the output refuses messages: ${reason}`
    }
    await pause(Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 10)), signal)
    if (signal.aborted) return false
  }
}

function teller(ports: PipelinePorts): Tell {
  let toldAtMs = -Infinity
  let untold = 0
  return (reason) => {
    const now = ports.monotonicMs()
    if (now - toldAtMs < TELL_EVERY_MS) {
      untold++
      return
    }
    ports.log('warn', 'a message failed', { reason, alsoSinceLast: untold })
    toldAtMs = now
    untold = 0
  }
}
