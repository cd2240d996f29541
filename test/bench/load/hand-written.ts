/**
 * The least that an append can cost with this client: one ack inbox, prepared header bytes, no promise, no timer, no
 * retry. `expected` and a message id as real appends have them, or neither.
 */
import { createInbox, type MsgHdrs, type NatsConnection } from 'nats'

export interface HandWritten {
  readonly subjects: readonly string[]
  /** Of the message with this number in the run. */
  readonly body: (n: number) => Uint8Array
  readonly count: number
  readonly inFlight: number
  /** Compare-and-set on what was last stored on the subject, and an id; null = a bare publish. */
  readonly checked: { readonly stream: string; readonly lastSeqs: number[]; readonly idPrefix: string } | null
}

/** The client only ever calls `encode` on headers. */
const bytesAsHeaders = (text: string): MsgHdrs => {
  const bytes = Buffer.from(text, 'latin1')
  return { encode: () => bytes } as unknown as MsgHdrs
}

const SEQ = Buffer.from('"seq":')

const seqIn = (ack: Uint8Array): number => {
  const text = Buffer.from(ack.buffer, ack.byteOffset, ack.byteLength)
  let i = text.indexOf(SEQ)
  if (i < 0 || text.includes('"error"')) throw new Error(`not stored: ${text.toString()}`)
  let seq = 0
  for (i += SEQ.length; ; i++) {
    const digit = (text[i] ?? 0) - 48
    if (digit < 0 || digit > 9) return seq
    seq = seq * 10 + digit
  }
}

/** Subjects take turns; one may be under way once at a time, so there are more of them than `inFlight`. */
export const publishByHand = (nc: NatsConnection, run: HandWritten): Promise<number> =>
  new Promise((resolve, reject) => {
    const { subjects, body, count, checked } = run
    const inbox = `${createInbox()}.`
    let next = 0
    let done = 0
    const send = (): void => {
      const n = next++
      const of = n % subjects.length
      const subject = subjects[of] ?? ''
      const reply = inbox + of
      if (checked === null) return nc.publish(subject, body(n), { reply })
      const headers = bytesAsHeaders(
        `NATS/1.0\r\nNats-Expected-Stream: ${checked.stream}\r\n` +
          `Nats-Expected-Last-Subject-Sequence: ${checked.lastSeqs[of] ?? 0}\r\nNats-Msg-Id: ${checked.idPrefix}${n}\r\n\r\n`,
      )
      nc.publish(subject, body(n), { reply, headers })
    }
    const subscription = nc.subscribe(`${inbox}*`, {
      callback: (error, message) => {
        try {
          if (error !== null) throw error
          const seq = seqIn(message.data)
          if (checked !== null) checked.lastSeqs[Number(message.subject.slice(inbox.length))] = seq
          if (++done === count) {
            subscription.unsubscribe()
            resolve(performance.now() - began)
          } else if (next < count) send()
        } catch (problem) {
          subscription.unsubscribe()
          reject(problem instanceof Error ? problem : new Error(String(problem)))
        }
      },
    })
    const began = performance.now()
    for (let i = 0; i < Math.min(run.inFlight, count); i++) send()
  })
