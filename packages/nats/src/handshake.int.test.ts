/** A server that dies between taking a connection and answering on it must not be waited for: the next attempt finds it back. */
import { startNatsServer } from '@dunlin/testkit'
import { connect, createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { openLink } from './connection.ts'

test('a connection that goes silent in its handshake is given up, and the next one works', async () => {
  const server = await startNatsServer()
  let attempts = 0
  const listener = createServer((client) => {
    attempts += 1
    client.on('error', () => {})
    // The first one is closed after the server's greeting, as when the server is killed at that moment.
    if (attempts === 1) {
      client.once('data', () => client.destroy())
      client.write('INFO {"server_id":"x","version":"2.9.10","proto":1,"max_payload":1048576}\r\n')
      return
    }
    const upstream = connect(server.port, '127.0.0.1')
    upstream.on('error', () => client.destroy())
    client.on('close', () => upstream.destroy())
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  try {
    const options = { url: `nats://127.0.0.1:${port}`, name: 'handshake', waitOnFirstConnect: true, handshakeMs: 300 }
    const link = await openLink(options)
    // More, should the server itself have taken longer than that.
    expect(attempts).toBeGreaterThanOrEqual(2)
    await link.close()
  } finally {
    listener.close()
    await server.stop()
  }
})
