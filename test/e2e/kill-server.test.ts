/**
 * nats-server killed with -9 and restarted under load: no acknowledged command is lost or applied twice. The load goes
 * through the whole path: client ids, command handler, fold, JetStream. `DUNLIN_KILL_CYCLES` asks for more cycles.
 */
import { jobKeyText, type JobId, type JobSubjectEvent } from '@dunlin/contracts'
import { decideJob, foldings } from '@dunlin/domain'
import { createCommandHandler, createFold, followInto } from '@dunlin/eventstore'
import { connectStore, jobSubject, parseLogSubject, type ConnectedStore } from '@dunlin/nats'
import { sha256, systemClock, systemRandom } from '@dunlin/runtime'
import { startNatsServer, type TestNatsServer } from '@dunlin/testkit'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'

const CYCLES = Number(process.env['DUNLIN_KILL_CYCLES'] ?? 50)
const WRITERS = 16
const JOBS = 8

let nats: TestNatsServer
const stores: ConnectedStore[] = []
beforeAll(async () => {
  nats = await startNatsServer()
})
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()))
  await nats.stop()
})

/** An instance of the intake: its own connection, fold and handler. */
const startIntake = async (name: string) => {
  const store = await connectStore({ url: nats.url, name })
  stores.push(store)
  const fold = createFold({ route: parseLogSubject, kinds: foldings })
  await followInto(fold, store.log, { archive: store.archive }).caughtUp
  const handler = createCommandHandler({ log: store.log, fold, sha256, clock: systemClock })
  /** One attempt; the same id may be sent again. */
  const send = async (job: number, id: string) => {
    const key = { namespace: 'load', name: `job-${job}` }
    const at = systemClock.nowMs()
    const hash = sha256(id)
    const command = {
      verb: 'apply' as const,
      id,
      req: hash,
      at,
      spec: { ...key, id },
      specHash: hash,
      content: hash,
      newJobId: systemRandom.ulid(at) as JobId,
    }
    return handler.handle({
      subject: jobSubject(key),
      kind: 'job',
      key: jobKeyText(key),
      command: { id, by: 'user:load', at, req: hash },
      decide: ({ state }) => decideJob(state, command),
    })
  }
  return { store, send }
}

it(
  `${CYCLES} times: nothing acknowledged is lost, nothing is applied twice`,
  { timeout: 60_000 + CYCLES * 5_000 },
  async () => {
    const intakes = await Promise.all([startIntake('intake-1'), startIntake('intake-2')])
    const acknowledged = new Set<string>()
    const stop = new AbortController()
    let sent = 0
    const writer = async (w: number): Promise<void> => {
      for (let n = 0; !stop.signal.aborted; n += 1) {
        const id = `w${w}-${n}`
        const job = (w * 7 + n) % JOBS
        // A client that gets a retryable error sends the same command again, perhaps to the other instance.
        for (let attempt = 0; ; attempt += 1) {
          const done = await (intakes[(w + attempt) % 2] as (typeof intakes)[0]).send(job, id)
          sent += 1
          if (done.ok) {
            acknowledged.add(id)
            break
          }
          if (!done.error.retryable) throw done.error
          if (stop.signal.aborted) return
          await delay(5)
        }
      }
    }
    const load = Promise.all(Array.from({ length: WRITERS }, (_, w) => writer(w)))
    for (let cycle = 0; cycle < CYCLES; cycle += 1) {
      const before = acknowledged.size
      await nats.kill9()
      await nats.restart()
      const deadline = performance.now() + 30_000
      while (acknowledged.size < before + WRITERS && performance.now() < deadline) await delay(10)
      expect(acknowledged.size, `cycle ${cycle}: the load goes on after the restart`).toBeGreaterThan(before)
    }
    stop.abort()
    await load

    const applied = new Map<string, number>()
    const reader = await connectStore({ url: nats.url, name: 'reader' })
    stores.push(reader)
    const fold = createFold({
      route: parseLogSubject,
      kinds: foldings,
      onFolded: ({ kind, admission, commit, seq }) => {
        expect(admission, `message ${seq}`).toBe('admitted')
        if (kind !== 'job' || commit === undefined) return
        const changes = (commit.ev as JobSubjectEvent[]).filter(
          ({ type }) => type === 'JobCreated' || type === 'JobUpdated',
        )
        for (const _ of changes) applied.set(commit.cmd, (applied.get(commit.cmd) ?? 0) + 1)
      },
    })
    await followInto(fold, reader.log, { archive: reader.archive }).caughtUp
    const lost = [...acknowledged].filter((id) => !applied.has(id))
    const twice = [...applied].filter(([, times]) => times > 1)
    expect({ lost, twice }).toEqual({ lost: [], twice: [] })
    expect(acknowledged.size).toBeGreaterThan(CYCLES * WRITERS - 1)
    console.log(`kill-server: ${CYCLES} cycles, ${sent} sent, ${acknowledged.size} acknowledged, 0 lost, 0 twice`)
  },
)
