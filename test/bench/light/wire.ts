/**
 * As much of the NATS client protocol as a light agent needs, on a socket of its own: ten thousand whole clients would measure
 * themselves. Text in, text out; what does not belong to an agent's work is passed over.
 */
import { connect, type Socket } from 'node:net'

export interface Delivered {
  readonly subject: string
  /** The header block; '' without one. */
  readonly header: string
  readonly body: Buffer
}

export interface Wire {
  subscribe(subject: string): void
  publish(subject: string, body: string, reply?: string): void
  publishWith(header: string, subject: string, body: string, reply: string): void
  close(): void
}

export interface WireEvents {
  /** The server has taken the connection and answered. */
  readonly onOpen: () => void
  readonly onMessage: (message: Delivered) => void
  readonly onLost: () => void
}

const CRLF = Buffer.from('\r\n')
const NOTHING = Buffer.alloc(0)
const CONNECT =
  'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"protocol":1,"lang":"light","version":"1"}\r\nPING\r\n'

export const openWire = (port: number, { onOpen, onMessage, onLost }: WireEvents): Wire => {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let rest: Buffer = NOTHING
  let isGreeted = false
  let isOpen = false
  let sid = 0

  /** One protocol line and its payload; how many bytes were taken, 0 when it is not whole yet. */
  const take = (data: Buffer): number => {
    const end = data.indexOf(CRLF)
    if (end < 0) return 0
    const line = data.toString('latin1', 0, end)
    const words = line.split(' ')
    const [verb] = words
    if (verb === 'MSG' || verb === 'HMSG') {
      const total = Number(words.at(-1))
      const headerBytes = verb === 'HMSG' ? Number(words.at(-2)) : 0
      const from = end + 2
      if (data.length < from + total + 2) return 0
      const header = data.toString('latin1', from, from + headerBytes)
      onMessage({ subject: words[1] ?? '', header, body: data.subarray(from + headerBytes, from + total) })
      return from + total + 2
    }
    // The server tells its INFO again when something about it changes, and once more right after the first CONNECT.
    if (verb === 'INFO' && !isGreeted) {
      isGreeted = true
      socket.write(CONNECT)
    }
    if (verb === 'PING') socket.write('PONG\r\n')
    else if (verb === 'PONG' && !isOpen) {
      isOpen = true
      onOpen()
    }
    return end + 2
  }

  socket.on('data', (chunk: Buffer) => {
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (let taken = take(data); taken > 0; taken = take(data)) data = data.subarray(taken)
    rest = data.length === 0 ? NOTHING : Buffer.from(data)
  })
  socket.on('error', () => {})
  socket.on('close', onLost)
  return {
    subscribe: (subject) => void socket.write(`SUB ${subject} ${(sid += 1)}\r\n`),
    publish: (subject, body, reply = '') =>
      void socket.write(`PUB ${subject} ${reply} ${Buffer.byteLength(body)}\r\n${body}\r\n`),
    publishWith: (header, subject, body, reply) =>
      void socket.write(
        `HPUB ${subject} ${reply} ${header.length} ${header.length + Buffer.byteLength(body)}\r\n${header}${body}\r\n`,
      ),
    close: () => void socket.destroy(),
  }
}
