// A nats-server of a test's own, on an empty store that goes away with it.
import { findNatsServer, startServer, type NatsServer, type NatsServerOptions } from '@dunlin/nats-server'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** As of `NatsServer`; `stop()` also removes the store, unless a `storeDir` was given. */
export type TestNatsServer = NatsServer

export type TestNatsServerOptions = Partial<NatsServerOptions>

/**
 * Starts the server that DUNLIN_NATS_SERVER names, else the one on the PATH, else the one in the project's cache.
 * It fetches nothing: `npm test` has done that before.
 * @throws NatsServerNotFoundError, NatsServerStartError
 */
export async function startNatsServer(options: TestNatsServerOptions = {}): Promise<TestNatsServer> {
  const binary = options.binary ?? (await localBinary())
  const storeDir = options.storeDir ?? mkdtempSync(join(tmpdir(), 'dunlin-nats-'))
  const removeStore = (): void => {
    if (options.storeDir === undefined) rmSync(storeDir, { recursive: true, force: true, maxRetries: 3 })
  }
  let server: NatsServer
  try {
    server = await startServer({ ...options, binary, storeDir })
  } catch (error) {
    removeStore()
    throw error
  }
  const stop = server.stop
  server.stop = async () => {
    await stop()
    removeStore()
  }
  return server
}

async function localBinary(): Promise<string> {
  const found = await findNatsServer({ fetch: false, acceptRunning: false })
  if (found.kind !== 'binary') throw new Error('unreachable: a running server was not accepted')
  return found.path
}
