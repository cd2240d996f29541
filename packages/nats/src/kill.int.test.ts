/**
 * The server is killed with -9 and started again under load, N times: every acknowledged append is in the log exactly
 * once, the log holds nothing twice, and a follower that lived through it saw all of it in order.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DunlinError } from '@dunlin/contracts'
import { startNatsServer, type TestNatsServer } from '@dunlin/testkit'
import { connectStore, type ConnectedStore } from './index.ts'
import { all, bytes, text, until } from './test-tools/wait.ts'

const CYCLES = Number(process.env['DUNLIN_KILL_CYCLES'] ?? 5)
const WRITERS = 32
const APPENDS_PER_CYCLE = 200

let server: TestNatsServer
let store: ConnectedStore
beforeAll(async () => {
  server = await startNatsServer()
  store = await connectStore({
    url: server.url,
    name: 'killed',
    windows: { log: 16 },
    publish: { attemptMs: 1_000 },
    follow: { heartbeatMs: 500 },
  })
})
afterAll(async () => {
  await store.close()
  await server.stop()
})

test(
  `${CYCLES} kills lose no acknowledged append and store none twice`,
  { timeout: 60_000 + CYCLES * 20_000 },
  async () => {
    const acknowledged: { readonly subject: string; readonly body: string; readonly seq: number }[] = []
    const ending = new AbortController()
    let unknown = 0

    /** Counts upwards on a subject of its own; every other writer sends no message id, like an agent. */
    const write = async (writer: number): Promise<void> => {
      const subject = writer % 2 === 0 ? `evt.job.k.j${writer}` : `evt.report.n${writer}`
      let expected = 0
      for (let n = 1; !ending.signal.aborted; n++) {
        const body = `${n}`
        const id = writer % 2 === 0 ? { msgId: `${writer}-${n}` } : {}
        for (;;) {
          try {
            const result = await store.log.append({ subject, data: bytes(body), expected, ...id })
            if (!result.ok) throw new Error(`${subject} ${n}: conflict at ${result.actual}, expected ${expected}`)
            acknowledged.push({ subject, body, seq: result.seq })
            expected = result.seq
            break
          } catch (error) {
            if (!(error instanceof DunlinError) || !error.retryable) throw error
            unknown++
          }
        }
      }
    }

    const followed: string[] = []
    const follower = store.log.follow(undefined, {
      onBatch: (batch) => {
        for (const r of batch) followed.push(`${r.seq} ${r.subject} ${text(r.data)}`)
      },
      onRewound: (why) => followed.push(`rewound: ${why}`),
    })

    const writers = Promise.all(Array.from({ length: WRITERS }, (_, i) => write(i)))
    writers.catch(() => ending.abort())
    for (let cycle = 1; cycle <= CYCLES && !ending.signal.aborted; cycle++) {
      const goal = acknowledged.length + APPENDS_PER_CYCLE
      await until(() => ending.signal.aborted || acknowledged.length >= goal, `cycle ${cycle} appends`)
      await server.kill9()
      await server.restart()
    }
    ending.abort()
    await writers

    const { lastSeq, messages } = await store.log.info()
    await until(() => followed.length >= messages, 'the follower saw all')
    await follower.stop()

    const stored = new Map<number, string>()
    for (let writer = 0; writer < WRITERS; writer++) {
      const subject = writer % 2 === 0 ? `evt.job.k.j${writer}` : `evt.report.n${writer}`
      const bodies = await all(store.log.read(subject))
      // Counting without a hole and without a repeat.
      expect(bodies.map((r) => text(r.data))).toEqual(bodies.map((_, i) => `${i + 1}`))
      for (const r of bodies) stored.set(r.seq, `${r.subject} ${text(r.data)}`)
    }
    for (const { subject, body, seq } of acknowledged) expect(stored.get(seq)).toBe(`${subject} ${body}`)
    expect(acknowledged.length).toBe(messages)
    expect(followed).toEqual(Array.from({ length: lastSeq }, (_, i) => `${i + 1} ${stored.get(i + 1)}`))
  },
)
