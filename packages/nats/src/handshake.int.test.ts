/** A server that dies between taking a connection and answering on it must not be waited for: the next attempt finds it back. */
import { startNatsServer } from '@dunlin/testkit'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
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

test('a server that dies in the handshake of a reconnect is not waited for', async () => {
  const server = await startNatsServer()
  let attempts = 0
  const open = new Set<Socket>()
  const listener = createServer((client) => {
    attempts += 1
    client.on('error', () => {})
    // Several times, as when a server falls over again and again while it comes back.
    if (attempts > 1 && attempts < 5) {
      client.once('data', () => client.destroy())
      client.write('INFO {"server_id":"x","version":"2.9.10","proto":1,"max_payload":1048576}\r\n')
      return
    }
    const upstream = connect(server.port, '127.0.0.1')
    open.add(client)
    upstream.on('error', () => client.destroy())
    client.on('close', () => upstream.destroy())
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  try {
    // Longer than this test may take: who waits for the handshake is not back.
    const link = await openLink({ url: `nats://127.0.0.1:${port}`, name: 'handshake', handshakeMs: 600_000 })
    const back = new Promise<void>((resolve) => void link.onLive((live) => (live ? resolve() : undefined)))
    for (const client of open) client.destroy()
    await back
    expect(attempts).toBe(5)
    await link.nc.flush()
    await link.close()
  } finally {
    listener.close()
    await server.stop()
  }
})
