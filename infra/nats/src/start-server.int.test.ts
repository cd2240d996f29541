// A real nats-server: started, killed, started again. What is proved here is what every other int test leans on.
import { findNatsServer, startServer, type NatsServer } from './index.ts'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readGreeting } from './greeting.ts'

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
})

async function binary(): Promise<string> {
  const found = await findNatsServer({ fetch: false, acceptRunning: false })
  if (found.kind !== 'binary') throw new Error('a running server was not asked for')
  return found.path
}

function storeDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'dunlin-server-'))
  cleanUps.push(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

async function start(options: Partial<Parameters<typeof startServer>[0]> = {}): Promise<NatsServer> {
  const server = await startServer({ binary: await binary(), storeDir: storeDir(), ...options })
  cleanUps.push(() => server.stop())
  return server
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('a started server greets with JetStream on, on loopback', async () => {
  const server = await start()
  const greeting = await readGreeting('127.0.0.1', server.port, 2_000)
  expect(greeting).toMatchObject({ version: server.version, jetstream: true })
  expect(server.url).toBe(`nats://127.0.0.1:${server.port}`)
  expect(existsSync(join(server.storeDir, 'jetstream'))).toBe(true)
})

test('stop leaves no process and may be called twice', async () => {
  const server = await start()
  const { pid } = server
  await Promise.all([server.stop(), server.stop()])
  await server.stop()
  expect(alive(pid)).toBe(false)
  expect(server.running).toBe(false)
})

test('killed with -9 it comes back on the same port and store as another process', async () => {
  const server = await start()
  const { pid, port } = server
  await server.kill9()
  expect(alive(pid)).toBe(false)
  await expect(readGreeting('127.0.0.1', port, 2_000)).rejects.toThrow('ECONNREFUSED')
  await server.restart()
  expect(server.pid).not.toBe(pid)
  expect(server.port).toBe(port)
  expect((await readGreeting('127.0.0.1', port, 2_000)).jetstream).toBe(true)
})

test('two servers at once get different ports', async () => {
  const [one, other] = await Promise.all([start(), start()])
  expect(one.port).not.toBe(other.port)
})

test('a port that another server holds is refused, not mistaken for ours', async () => {
  const first = await start()
  await expect(start({ port: first.port, startTimeoutMs: 3_000 })).rejects.toThrow(`port ${first.port}`)
  expect(first.running).toBe(true)
})

test('a port held by something else is named in the error', async () => {
  const holder = createServer()
  await new Promise<void>((resolve) => void holder.listen(0, '127.0.0.1', resolve))
  cleanUps.push(() => holder.close())
  const address = holder.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  await expect(start({ port: address.port, startTimeoutMs: 3_000 })).rejects.toThrow(`port ${address.port}`)
})

test('the configuration says what was asked for', async () => {
  const server = await start({ maxPayloadBytes: 65_536, maxFileStoreBytes: 10_000_000 })
  const config = readFileSync(join(server.storeDir, 'nats-server.conf'), 'utf8')
  expect(config).toContain('max_payload: 65536')
  expect(config).toContain('max_file_store: 10000000')
})

test('a configuration that the server refuses comes back with the words of its log', async () => {
  await expect(start({ extraConfig: 'no_such_setting: 1' })).rejects.toThrow('no_such_setting')
})

test('ended resolves when somebody else kills the process', async () => {
  const server = await start()
  const ended = server.ended()
  process.kill(server.pid, 'SIGKILL')
  await ended
  expect(server.running).toBe(false)
})
