/** A TCP proxy in front of a server that a test can cut, block, or make deaf in one direction. Tests only. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface Proxy {
  readonly url: string
  /** Ends all connections that are open now. */
  cut(): void
  /** Refuses new connections until `open` is called. */
  block(): void
  open(): void
  /** From now on nothing that the server says reaches the client (of connections that are open now): lost answers. */
  withhold(): void
}

export const startProxy = async (port: number): Promise<Proxy & { stop(): Promise<void> }> => {
  const pairs = new Set<{ client: Socket; server: Socket; deaf: boolean }>()
  let blocked = false
  const listener = createServer((client) => {
    if (blocked) {
      client.destroy()
      return
    }
    const server = connect(port, '127.0.0.1')
    const pair = { client, server, deaf: false }
    pairs.add(pair)
    const end = (): void => {
      pairs.delete(pair)
      client.destroy()
      server.destroy()
    }
    client.on('data', (chunk) => server.write(chunk))
    server.on('data', (chunk) => {
      if (!pair.deaf) client.write(chunk)
    })
    for (const socket of [client, server]) socket.on('close', end).on('error', end)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const pair of pairs) pair.client.destroy()
  }
  return {
    url: `nats://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    cut,
    block: () => void (blocked = true),
    open: () => void (blocked = false),
    withhold: () => {
      for (const pair of pairs) pair.deaf = true
    },
    stop: async () => {
      cut()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}
