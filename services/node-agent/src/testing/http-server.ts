/** A real HTTP server for tests, whose answers the test writes itself. */
import { createServer, type RequestListener } from 'node:http'

export interface TestHttpServer {
  /** `http://127.0.0.1:<port>` */
  readonly base: string
  /** Cuts what is under way. */
  stop(): void
}

export const startHttpServer = async (answer: RequestListener): Promise<TestHttpServer> => {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    base: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    stop: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
