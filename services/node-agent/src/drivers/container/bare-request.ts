/**
 * One short question to an engine over a bare connection: HTTP/1.0, so that the answer ends with the connection. The whole
 * client takes tens of MB of memory; a node that runs no container just now shall not pay for it.
 */
import { connect } from 'node:net'
import type { EngineAddress } from './engine-address.ts'

export interface BareAnswer {
  readonly status: number
  readonly body: string
}

const MOST_BYTES = 64 * 1024 ** 2

/** Rejects with what the connection says, or after `timeoutMs`. */
export const bareRequest = (
  address: EngineAddress,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  timeoutMs: number,
): Promise<BareAnswer> =>
  new Promise((resolve, reject) => {
    const socket = address.is === 'socket' ? connect(address.path) : connect(address.port, address.host)
    const chunks: Buffer[] = []
    let size = 0
    const fail = (error: Error): void => {
      clearTimeout(timer)
      socket.destroy()
      reject(error)
    }
    const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    socket.once('error', fail)
    socket.once('connect', () =>
      socket.write(`${method} ${path} HTTP/1.0\r\nHost: engine\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`),
    )
    socket.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > MOST_BYTES) return fail(new Error('the answer is too long'))
      chunks.push(chunk)
    })
    socket.once('end', () => {
      clearTimeout(timer)
      socket.destroy()
      const answer = readAnswer(Buffer.concat(chunks).toString('utf8'))
      if (answer === undefined) reject(new Error('what answers there does not speak HTTP'))
      else resolve(answer)
    })
  })

const readAnswer = (text: string): BareAnswer | undefined => {
  const head = text.indexOf('\r\n\r\n')
  const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(text) ?? []
  return head < 0 || status === undefined ? undefined : { status: Number(status), body: text.slice(head + 4) }
}
