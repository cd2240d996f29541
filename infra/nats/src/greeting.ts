// The first line that a nats-server says on a fresh connection. It proves that something listens, that it is a
// nats-server, and whether JetStream is on, without a client library.
import { createConnection } from 'node:net'

export interface Greeting {
  readonly version: string
  readonly serverName: string
  readonly jetstream: boolean
}

/** `nats://user:pass@host:port` -> host and port; a port that is missing is 4222. */
export function addressOf(url: string): { host: string; port: number } {
  const parsed = new URL(url.includes('://') ? url : `nats://${url}`)
  return { host: parsed.hostname.replace(/^\[|\]$/g, ''), port: parsed.port === '' ? 4222 : Number(parsed.port) }
}

/** Reads the server's INFO. @throws Error when nothing answers within `timeoutMs`, or something else does */
export function readGreeting(host: string, port: number, timeoutMs: number): Promise<Greeting> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port })
    let text = ''
    const timer = setTimeout(() => fail(new Error(`no answer from ${host}:${port} in ${timeoutMs} ms`)), timeoutMs)
    function fail(error: Error): void {
      clearTimeout(timer)
      socket.destroy()
      reject(error)
    }
    socket.on('error', fail)
    socket.on('close', () => fail(new Error(`${host}:${port} closed the connection`)))
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8')
      const end = text.indexOf('\r\n')
      if (end < 0 && text.length < 65_536) return
      const greeting = parseGreeting(text.slice(0, end))
      if (greeting === undefined) return fail(new Error(`${host}:${port} is not a nats-server`))
      clearTimeout(timer)
      resolve(greeting)
      socket.destroy()
    })
  })
}

/** @returns undefined when the line is no greeting of a nats-server */
function parseGreeting(line: string): Greeting | undefined {
  if (!line.startsWith('INFO ')) return undefined
  try {
    const info: unknown = JSON.parse(line.slice(5))
    if (typeof info !== 'object' || info === null || !('version' in info) || typeof info.version !== 'string') {
      return undefined
    }
    const serverName = 'server_name' in info && typeof info.server_name === 'string' ? info.server_name : ''
    return { version: info.version, serverName, jetstream: 'jetstream' in info && info.jetstream === true }
  } catch {
    return undefined
  }
}
