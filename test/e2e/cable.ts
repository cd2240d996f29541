/** The cable between one agent and the server: a TCP proxy that a test can pull, or make deaf to the server's answers. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface Cable {
  readonly url: string
  /** Every connection is lost, and none can be made. */
  pull(): void
  plug(): void
  /** What the server says on the present connections is lost; what the agent says still arrives. */
  withhold(): void
  stop(): Promise<void>
}

export const layCable = async (serverUrl: string): Promise<Cable> => {
  const port = Number(new URL(serverUrl).port)
  const pairs = new Set<{ readonly near: Socket; readonly far: Socket; isDeaf: boolean }>()
  let isPulled = false
  const listener = createServer((near) => {
    if (isPulled) return void near.destroy()
    const far = connect(port, '127.0.0.1')
    const pair = { near, far, isDeaf: false }
    pairs.add(pair)
    const end = (): void => {
      pairs.delete(pair)
      near.destroy()
      far.destroy()
    }
    near.on('data', (chunk) => void far.write(chunk))
    far.on('data', (chunk) => void (pair.isDeaf || near.write(chunk)))
    for (const socket of [near, far]) socket.on('close', end).on('error', end)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const { near } of pairs) near.destroy()
  }
  return {
    url: `nats://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    pull: () => {
      isPulled = true
      cut()
    },
    plug: () => void (isPulled = false),
    withhold: () => {
      for (const pair of pairs) pair.isDeaf = true
    },
    stop: async () => {
      cut()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}
