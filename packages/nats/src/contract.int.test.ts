/** The contract suites of @dunlin/eventstore on a real nats-server, a fresh one for each case. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  describeBusContract,
  describeCommandQueueContract,
  describeKeyValueContract,
  describeLogContract,
  describeObjectStoreContract,
  type LogHarness,
} from '@dunlin/eventstore/contract'
import type { Log } from '@dunlin/eventstore'
import { startNatsServer } from '@dunlin/testkit'
import { apiRequest } from './api.ts'
import { openLink } from './connection.ts'
import { ensureStream } from './ensure-streams.ts'
import { connectStore, type ConnectedStore } from './index.ts'
import { EVENTS, streamSpecs } from './streams.ts'
import { startProxy } from './test-tools/proxy.ts'
import { until } from './test-tools/wait.ts'

const QUICK = { pingIntervalMs: 1_000, publish: { attemptMs: 400 }, follow: { heartbeatMs: 300 } } as const

/** A server and two processes on it. */
const pair = async () => {
  const server = await startNatsServer()
  const connect = (name: string) => connectStore({ ...QUICK, url: server.url, name })
  const [one, other] = await Promise.all([connect('one'), connect('other')]).catch(async (error: unknown) => {
    await server.stop()
    throw error
  })
  const stop = async (): Promise<void> => {
    await Promise.all([one.close(), other.close()])
    await server.stop()
  }
  return { server, one, other, stop }
}

/** How many of the first appends can be gone back to. */
const REMEMBERED = 6

const makeLog = async (): Promise<LogHarness> => {
  const { server, one, other, stop } = await pair()
  const proxy = await startProxy(server.port)
  const proxied = await connectStore({ ...QUICK, url: proxy.url, name: 'proxied', noEnsure: true })
  const copies = mkdtempSync(join(tmpdir(), 'dunlin-copies-'))
  const copyOf = (seq: number): string => join(copies, `${seq}`)
  const files = join(server.storeDir, 'jetstream')

  const back = (of: ConnectedStore): Promise<void> => until(() => of.isLive(), 'connected again')
  const allBack = async (): Promise<void> => {
    await Promise.all([one, other, proxied].map(back))
  }

  /** Keeps the server's files as they were after each of the first appends: what a restored backup is. */
  const log: Log = {
    ...proxied.log,
    append: async (request) => {
      const result = await proxied.log.append(request)
      if (result.ok && result.seq <= REMEMBERED) cpSync(files, copyOf(result.seq), { recursive: true, force: true })
      return result
    },
  }

  return {
    log,
    other: other.log,
    archive: one.archive,
    killAndRestart: async () => {
      await server.kill9()
      await server.restart()
      await allBack()
    },
    loseNextAck: async () => {
      const { lastSeq } = await other.log.info()
      proxy.withhold()
      void until(async () => (await other.log.info()).lastSeq > lastSeq, 'it is stored').then(() => proxy.cut())
    },
    cutConnection: async () => {
      proxy.block()
      proxy.cut()
      await until(() => !proxied.isLive(), 'the loss is noticed')
      proxy.open()
      await back(proxied)
    },
    rewind: async (seq) => {
      await server.kill9()
      rmSync(files, { recursive: true })
      cpSync(copyOf(seq), files, { recursive: true })
      await server.restart()
      await allBack()
    },
    recreate: async () => {
      const { messages } = await other.log.info()
      const admin = await openLink({ url: server.url, name: 'admin' })
      await apiRequest(admin, `STREAM.DELETE.${EVENTS}`)
      for (const spec of streamSpecs()) await ensureStream(admin, spec)
      for (let i = 0; i < messages; i++) await admin.nc.request(`evt.job.new.j${i}`, 'x')
      await admin.close()
    },
    stop: async () => {
      await proxied.close()
      await proxy.stop()
      await stop()
      rmSync(copies, { recursive: true, force: true })
    },
  }
}

describeLogContract('JetStream', makeLog, { kills: Number(process.env['DUNLIN_KILL_CYCLES'] ?? 2) })

describeKeyValueContract('LEASES', async () => {
  const { one, other, stop } = await pair()
  return { kv: one.leases, other: other.leases, stop }
})
describeKeyValueContract('DESIRED', async () => {
  const { one, other, stop } = await pair()
  return { kv: one.desired, other: other.desired, stop }
})
describeBusContract('core NATS', async () => {
  const { one, other, stop } = await pair()
  return { bus: one.bus, other: other.bus, stop }
})
describeObjectStoreContract('SNAPSHOTS', async () => {
  const { one, other, stop } = await pair()
  return { objects: one.snapshots, other: other.snapshots, stop }
})
describeCommandQueueContract('COMMANDS', async () => {
  const { one, other, stop } = await pair()
  return {
    queue: one.commands,
    publish: async (subject, data, headers) => {
      other.bus.publish(subject, data, headers)
      await other.bus.flush()
    },
    stop,
  }
})
