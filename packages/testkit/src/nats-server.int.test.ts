import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startNatsServer } from './nats-server.ts'

test('the store of a test goes away with its server, and not with a crash', async () => {
  const server = await startNatsServer()
  await server.kill9()
  expect(existsSync(server.storeDir)).toBe(true)
  await server.restart()
  await server.stop()
  expect(existsSync(server.storeDir)).toBe(false)
})

test('a store that the test brought stays', async () => {
  const storeDir = mkdtempSync(join(tmpdir(), 'dunlin-own-'))
  const server = await startNatsServer({ storeDir })
  await server.stop()
  expect(existsSync(join(storeDir, 'jetstream'))).toBe(true)
  rmSync(storeDir, { recursive: true })
})
