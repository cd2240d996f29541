/** A nats-server of its own for each measurement, on an empty directory. */
import { startServer, type NatsServer } from '@dunlin/nats-server'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchContext } from '../bench.ts'

const GIB = 1024 ** 3

export const withServer = async <T>(
  { binary, dir }: BenchContext,
  run: (server: NatsServer) => Promise<T>,
): Promise<T> => {
  const storeDir = mkdtempSync(join(dir, 'nats-'))
  const server = await startServer({ binary, storeDir, maxFileStoreBytes: 16 * GIB })
  try {
    return await run(server)
  } finally {
    await server.stop()
    rmSync(storeDir, { recursive: true, force: true, maxRetries: 5 })
  }
}
