/**
 * What simulated agents cost: a fleet on the in-memory store and a virtual clock goes through one rollout that grants a
 * twentieth of it every minute, for one simulated hour. Prints its CPU time beside that of the bare bus in the same run.
 * `node --conditions=dunlin-source test/bench/processes/simulated-cost.ts [nodes] [heartbeat ms]`
 */
import type { NodeId } from '@dunlin/contracts/agent'
import { createMemoryStore } from '@dunlin/eventstore/memory'
import { doorbellSubject } from '@dunlin/nats/agent'
import { startSimulatedAgents } from '@dunlin/node-agent'
import { seededRandom, silentLogger } from '@dunlin/runtime/agent'
import { createVirtualClock } from '@dunlin/testkit'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const [nodes = '1000', heartbeatMs = '10000'] = process.argv.slice(2)
const count = Number(nodes)

const clock = createVirtualClock(0)
const store = createMemoryStore({ clock, doorbell: doorbellSubject })
const random = seededRandom(1)
let beats = 0
store.bus.subscribe('hb.>', () => void (beats += 1))
const fleet = startSimulatedAgents(
  { bus: store.bus, reports: store.log, desired: store.desired, clock, random, logger: silentLogger },
  { count, fresh: true, heartbeatMs: Number(heartbeatMs) },
)
await clock.run(1_000)

const health = { intervalMs: 10_000, maxErrorRate: 0.1, successThreshold: 2, failureThreshold: 3, deadlineMs: 300_000 }
const ids = [...fleet.nodes.keys()]
const grant = async (id: NodeId, seq: number): Promise<void> => {
  const job = { namespace: 'default', name: 'web' }
  const [execution, jobId, rollout] = [random.ulid(seq), random.ulid(seq), random.ulid(seq)]
  const granted = { execution, job, jobId, version: 1, rollout, generation: [0, seq], content: 'c'.repeat(64) }
  const document = { s: 1, node: id, generation: [0, seq], executions: [{ ...granted, health, desired: 'running' }] }
  await store.desired.put(id, new TextEncoder().encode(JSON.stringify(document)), 0)
}

/** The bare bus: as many messages of the same size, already made, on as many instants. */
const floor = async (messages: number): Promise<number> => {
  const bare = createVirtualClock(0)
  const { bus } = createMemoryStore({ clock: bare, doorbell: doorbellSubject })
  bus.subscribe('hb.>', () => {})
  const data = Buffer.alloc(200)
  const instants = (HOUR_MS / Number(heartbeatMs)) * Math.min(count, Number(heartbeatMs) / 50)
  const from = process.cpuUsage()
  for (let instant = 0, sent = 0; instant < instants; instant++) {
    bare.after(instant, () => {})
    for (; sent < (messages * (instant + 1)) / instants; sent++) bus.publish('hb.1.sim-000000', data)
    await bare.run(instant)
  }
  return secondsSince(from)
}

const secondsSince = (from: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(from)
  return (user + system) / 1e6
}

const began = process.cpuUsage()
for (let minute = 0; minute < HOUR_MS / MINUTE_MS; minute++) {
  const step = Math.ceil(count / 20)
  for (const [index, id] of ids.slice(minute * step, (minute + 1) * step).entries())
    await grant(id, minute * step + index + 1)
  await clock.run(clock.monotonicMs() + MINUTE_MS)
}
const seconds = secondsSince(began)
fleet.stop()
const bareSeconds = await floor(beats)
process.stdout.write(
  `${count} agents, one simulated hour: ${seconds.toFixed(2)} s CPU for ${beats} heartbeats, ` +
    `${((seconds * 1e6) / Math.max(1, beats)).toFixed(1)} us each; the bare bus and clock take ` +
    `${bareSeconds.toFixed(2)} s; running: ${fleet.counts()['running'] ?? 0}\n`,
)
