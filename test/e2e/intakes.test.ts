/** Whoever takes commands may die at any moment: each command takes effect exactly once, and in its place. */
import { createClient } from '@dunlin/client'
import { DunlinError } from '@dunlin/contracts'
import type { Child } from '@dunlin/infra/dev'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectCommands, type CommandClient } from './command-client.ts'
import { effects, readLog } from './read-log.ts'
import { kill9, sleeper, startSystem, until, type System } from './system.ts'

let system: System
let commands: CommandClient
beforeAll(async () => {
  system = await startSystem({ nodes: 0, instances: 0, apis: 2 })
  commands = await connectCommands(system.nats.url)
})
afterAll(async () => {
  await commands.close()
  await system.stop()
})

/** How many commands by subject each API has decided: one of them takes all. */
const decided = async (url: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text()
  return [...text.matchAll(/^dunlin_commands_total\{.*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0)
}
const intake = async (): Promise<Child> => {
  const id = `probe-${crypto.randomUUID()}`
  const before = await Promise.all(system.urls.map(decided))
  await commands.send('cmd.job.probe.nobody.stop', {}, { id })
  await commands.outcome(id)
  return until('one API has decided it', async () => {
    const after = await Promise.all(system.urls.map(decided))
    return system.apis.find((_api, n) => (after[n] ?? 0) > (before[n] ?? 0))
  })
}

describe('two APIs on one store', () => {
  it('commands by subject take effect once and in order although the intake is killed among them', async () => {
    const since = (await system.client.jobs.list({ limit: 1 })).seq
    const jobs = ['red', 'green', 'blue']
    const sent: { readonly job: string; readonly id: string; readonly seq: number }[] = []
    const victim = await intake()
    const send = async (n: number): Promise<void> => {
      const job = jobs[n % jobs.length] as string
      const id = `take-${n}`
      const body = { spec: sleeper(job, { description: id }) }
      sent.push({ job, id, seq: (await commands.send(`cmd.job.default.${job}.apply`, body, { id })).seq })
    }
    const answered = (): number =>
      Array.from({ length: 300 }, (_, n) => commands.outcomes(`take-${n}`).length > 0).filter(Boolean).length
    const sending = Promise.all(Array.from({ length: 300 }, (_, n) => send(n)))
    // Some are done, others are under way, most still wait.
    await until('the intake is in the middle', () => answered() >= 20 || undefined)
    kill9(victim)
    const atTheKill = answered()
    await sending
    await until('all are answered', () => answered() === 300 || undefined, 60_000)
    expect(atTheKill).toBeLessThan(300)
    expect(sent.flatMap(({ id }) => commands.outcomes(id)).filter(({ ok }) => !ok)).toEqual([])

    const log = await readLog(system.client, since)
    const applied = effects(log)
    expect([...applied].filter(([, times]) => times !== 1)).toEqual([])
    expect(applied.size).toBe(300)
    sent.sort((a, b) => a.seq - b.seq)
    for (const job of jobs)
      expect(log.filter(({ name }) => name === job).map(({ command_id }) => command_id)).toEqual(
        sent.filter((one) => one.job === job).map(({ id }) => id),
      )
  })

  it('commands over HTTP under retries take effect once although the API is killed', async () => {
    const since = (await system.client.jobs.list({ limit: 1 })).seq
    const acknowledged = new Map<string, number>()
    const stop = new AbortController()
    let lost = 0
    const writer = async (w: number): Promise<void> => {
      for (let n = 0; !stop.signal.aborted; n += 1) {
        const id = `http-${w}-${n}`
        const spec = sleeper(`http-${(w + n) % 4}`, { description: id })
        for (let attempt = 0; ; attempt += 1) {
          // The same command again, perhaps to the other instance.
          const client = createClient({ baseUrl: system.urls[(w + attempt) % 2] as string })
          try {
            acknowledged.set(id, (await client.jobs.apply({ spec }, { idempotencyKey: id })).seq)
            break
          } catch (error) {
            if (!(error instanceof DunlinError) || !error.retryable) throw error
            lost += 1
            await delay(10)
          }
        }
      }
    }
    const load = Promise.all(Array.from({ length: 8 }, (_, w) => writer(w)))
    for (const victim of [0, 1, 0]) {
      const api = system.apis[victim] as Child
      await until('the API runs', () => api.pid !== undefined || undefined)
      await until('it answers', async () => (await fetch(`${system.urls[victim]}/readyz`)).ok || undefined)
      const before = acknowledged.size
      await until('the load goes on', () => acknowledged.size > before + 40 || undefined)
      const pid = kill9(api)
      await until('it is back', () => (api.pid !== undefined && api.pid !== pid) || undefined)
    }
    await until('it answers', async () => (await fetch(`${system.url}/readyz`)).ok || undefined)
    stop.abort()
    await load
    expect(lost, 'the kills were felt').toBeGreaterThan(0)
    const log = await readLog(system.client, since)
    const applied = effects(log)
    expect([...applied].filter(([, times]) => times !== 1)).toEqual([])
    expect(new Set(applied.keys())).toEqual(new Set(acknowledged.keys()))
    // What was acknowledged is the commit itself, also when the answer came from a repeat.
    expect(new Map(log.map(({ command_id: id, seq }) => [id, seq]))).toEqual(acknowledged)
  })
})
