/**
 * `reconnect_10k`: the server is killed and started again; 10,000 agents, each on a connection of its own, come back at once. Right
 * again is an agent that holds the document that was changed while it did not listen, and whose report of something that happened
 * meanwhile is acknowledged. Beside it the floor: the same agents only connect.
 */
import { jetstreamManager } from '@nats-io/jetstream'
import { connectStore } from '@dunlin/nats'
import { startServer } from '@dunlin/nats-server'
import { connect } from 'nats'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench, BenchContext } from '../bench.ts'
import { figure } from '../figure.ts'
import { processCpuMs } from '../measure/process-cpu.ts'
import { median, tellValues } from '../measure/rounds.ts'
import type { FromLightAgents, ToLightAgents } from '../processes/light-agents.ts'
import { bundled } from '../stage/bundled.ts'
import { startCrew, type Crew } from '../stage/crew.ts'

type LightCrew = Crew<ToLightAgents, FromLightAgents>
type Back = Extract<FromLightAgents, { readonly is: 'right' | 'connected' }>
interface Measured {
  readonly rightMs: number
  readonly floorMs: number
  readonly startMs: number
  readonly again: number
  /** CPU of the server from its start, and of all agents together, until all were right again. */
  readonly cpuMs: { readonly server: number; readonly agents: number }
}

const PROCESSES = 2
const agentsCpuMs = (crews: readonly LightCrew[]): number => crews.reduce((sum, { pid }) => sum + processCpuMs(pid), 0)
const nowMs = (): number => performance.timeOrigin + performance.now()

const writeDocuments = async (url: string, ids: readonly string[], generation: number): Promise<void> => {
  const store = await connectStore({ url, name: 'bench documents' })
  const write = async (node: string): Promise<void> => {
    const document = { s: 1, node, generation: [0, generation], executions: [] }
    await store.desired.put(node, Buffer.from(JSON.stringify(document)), 0)
  }
  for (let from = 0; from < ids.length; from += 256) await Promise.all(ids.slice(from, from + 256).map(write))
  await store.close()
}

/** Messages that the log holds, and how many subjects they have. */
const inLog = async (url: string): Promise<{ messages: number; subjects: number }> => {
  const nc = await connect({ servers: url })
  try {
    const { state } = await (await jetstreamManager(nc)).streams.info('EVENTS')
    return { messages: state.messages, subjects: state.num_subjects ?? 0 }
  } finally {
    await nc.close()
  }
}

const round = async ({ binary, dir, say }: BenchContext, count: number): Promise<Measured> => {
  const file = await bundled('light-agents', dir)
  const storeDir = mkdtempSync(join(dir, 'nats-'))
  const server = await startServer({ binary, storeDir, maxFileStoreBytes: 4 * 1024 ** 3, startTimeoutMs: 60_000 })
  const crews: LightCrew[] = []
  /** Kills the server, starts it again, and waits for the last of an answer of all crews; from when the server is ready. */
  const restarted = async (is: 'right' | 'connected') => {
    const answers = Promise.all(crews.map((crew): Promise<Back> => crew.hear(is)))
    const killedMs = nowMs()
    await server.kill9()
    await server.restart()
    const readyMs = nowMs()
    return { readyMs, startMs: readyMs - killedMs, answers: await answers }
  }
  const last = (answers: readonly Back[]): number => Math.max(...answers.map(({ atMs }) => atMs))
  try {
    const store = await connectStore({ url: server.url, name: 'bench streams' })
    await store.close()
    const each = Math.ceil(count / PROCESSES)
    for (let n = 0; n < PROCESSES; n++)
      crews.push(startCrew(file, [server.url, String(n * each), String(Math.min(each, count - n * each))]))
    await Promise.all(crews.map((crew) => crew.hear('announced')))
    say(`reconnect_10k: ${count} agents are announced`)
    const ids = Array.from({ length: count }, (_, n) => `light-${String(n).padStart(6, '0')}`)
    await Promise.all(crews.map((crew) => crew.ask({ do: 'go_deaf' }, 'deaf')))
    await writeDocuments(server.url, ids, 7)
    for (const crew of crews) crew.send({ do: 'expect', generation: 7 })
    const usedBefore = agentsCpuMs(crews)
    const right = await restarted('right')
    const cpuMs = { server: processCpuMs(server.pid), agents: agentsCpuMs(crews) - usedBefore }
    const { messages, subjects } = await inLog(server.url)
    if (messages !== 2 * count || subjects !== count)
      throw new Error(`the log holds ${messages} reports of ${subjects} nodes instead of ${2 * count} of ${count}`)
    await Promise.all(crews.map((crew) => crew.ask({ do: 'only_connect' }, 'bare')))
    const floor = await restarted('connected')
    const again = right.answers.reduce((sum, answer) => sum + answer.again, 0)
    const rightMs = last(right.answers) - right.readyMs
    const floorMs = Math.max(1, last(floor.answers) - floor.readyMs)
    say(
      `reconnect_10k: right again after ${rightMs.toFixed(0)} ms, connected alone after ${floorMs.toFixed(0)} ms; CPU of the ` +
        `server ${cpuMs.server} ms, of the agents ${cpuMs.agents} ms, ${again} questions asked again`,
    )
    return { rightMs, floorMs, startMs: right.startMs, again, cpuMs }
  } finally {
    await Promise.all(crews.map((crew) => crew.stop()))
    await server.stop()
    rmSync(storeDir, { recursive: true, force: true, maxRetries: 5 })
  }
}

const run = async (context: BenchContext) => {
  const count = context.quick ? 40 : 10_000
  const rounds: Measured[] = []
  for (let n = 0; n < (context.quick ? 1 : 3); n++) rounds.push(await round(context, count))
  const of = (pick: (one: Measured) => number): number[] => rounds.map(pick)
  const floorMs = median(of(({ floorMs: ms }) => ms))
  const detail =
    `${tellValues(
      of(({ rightMs }) => rightMs),
      'ms',
    )} after the server was ready again (which took it ` +
    `${median(of(({ startMs }) => startMs)).toFixed(0)} ms); ${count} connections, one document and one ` +
    `report each, ${2 * count} reports in the log and none lost; connecting alone takes ${floorMs.toFixed(0)} ms; ` +
    `${median(of(({ again }) => again)).toFixed(0)} questions were asked again; CPU ` +
    `${(median(of(({ cpuMs }) => cpuMs.server)) / 1000).toFixed(1)} s of the server and ` +
    `${(median(of(({ cpuMs }) => cpuMs.agents)) / 1000).toFixed(1)} s of all agents; no scheduler beside it`
  return [
    figure('reconnect_10k', median(of(({ rightMs }) => rightMs)) / 1000, 's', { below: 15 }, detail),
    figure('reconnect_10k_floor', floorMs / 1000, 's', undefined, `${count} connections and nothing else`),
  ]
}

export const reconnect: Bench = { figures: ['reconnect_10k', 'reconnect_10k_floor'], run }
