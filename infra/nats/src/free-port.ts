// A port of loopback on which nothing listens.
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

// Below the ephemeral range of Linux and macOS (32768 and 49152 upwards): a client that keeps reconnecting to a port of
// that range while its server is down can be given the very same port as its source, connect to itself, and so keep
// the server from coming back. Tests that kill and restart servers meet this.
const LOWEST = 15_000
const HIGHEST = 32_000

/** The choice is not a reservation: whoever starts a server on it must be ready to choose again. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(LOWEST, HIGHEST)
    if (await isFree(port)) return port
  }
  throw new Error(`no free port between ${LOWEST} and ${HIGHEST} on 127.0.0.1`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
