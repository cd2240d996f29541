/**
 * `log_follow`: lines a second that a job writes and `dunlin logs -f` puts out: file, agent, server, API, command, pipe; each a
 * process of its own, all but the command bundled. Every line must come once and in its order. The floor is a pipe with the same bytes.
 */
import { spawn } from 'node:child_process'
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import type { Bench, BenchContext } from '../bench.ts'
import { figure } from '../figure.ts'
import { cpuSeconds } from '../measure/process-cost.ts'
import { bundledService } from '../stage/bundled.ts'
import { bundleAgent, root } from '../stage/repository.ts'
import { withServer } from '../stage/server.ts'
import { startService, type RunningService } from '../stage/service.ts'
import { endTasks } from '../stage/tasks.ts'

const LINES = 1_000_000
const ROUNDS = 5
const WITHIN_MS = 180_000
/** 80 bytes with the newline; the number tells lost, repeated and moved lines. */
const TEXT = ' GET /api/v1/products/of/some/shop 200 17 ms edge worker thread three'
const NEWLINE = 10
const COMMAND = join(root, 'packages/cli/bin/dunlin.js')

interface Followed extends Count {
  /** CPU time of the command, its start included. */
  readonly cpuSeconds: number
}

interface Count {
  readonly lines: number
  readonly bytes: number
  /** From when the writer may begin to the last line. */
  readonly ms: number
}

/** Reads a stream until so many lines came after the first, at which `begin` is called; throws when one is not the next. */
const count = async (stream: Readable, lines: number, begin: () => void): Promise<Count> => {
  // The first line has the number 0 and is written before the others may be.
  let found = -1
  let bytes = 0
  let beganMs = 0
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (beganMs === 0) {
      beganMs = performance.now()
      begin()
    }
    bytes += chunk.byteLength
    const data = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk])
    let from = 0
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, from)) {
      found += 1
      // One in a thousand is looked at, and the last: what is missing between them changes their number.
      if (found % 1000 === 0 || found === lines) {
        const number = Number(data.toString('latin1', from, from + 9))
        if (number !== found) throw new Error(`line ${found} says that it is ${number}`)
      }
      from = end + 1
    }
    rest = data.subarray(from)
    if (found >= lines) return { lines: found, bytes, ms: performance.now() - beganMs }
  }
  throw new Error(`the stream ended after ${found} of ${lines} lines`)
}

const produce = (first: number, last: number): string => `seq -f '%09.0f${TEXT}' ${first} ${last}`

/** The same lines from a file through a pipe, counted by the same reader. */
const floor = async (dir: string, lines: number): Promise<Count> => {
  const file = join(dir, 'floor.txt')
  const made = spawn('/bin/sh', ['-c', `${produce(0, lines)} >${file}`])
  await new Promise((resolve) => made.once('exit', resolve))
  const cat = spawn('cat', { stdio: [await opened(file), 'pipe', 'inherit'] })
  const counted = await count(cat.stdout, lines, () => {})
  rmSync(file)
  return counted
}
const opened = (file: string): Promise<ReturnType<typeof createReadStream>> =>
  new Promise((resolve) => {
    const stream = createReadStream(file)
    stream.once('open', () => resolve(stream))
  })

const specOf = (name: string, go: string, lines: number): string =>
  JSON.stringify({
    name,
    type: 'process',
    config: {
      command: '/bin/sh',
      args: ['-c', `${produce(0, 0)}; while [ ! -e ${go} ]; do sleep 0.01; done; ${produce(1, lines)}; sleep 3600`],
      // What is measured is following, not how much a node drops.
      logs: { max_file_size: '1GiB', max_files: 2 },
    },
    rollout: { strategy: 'immediate' },
  })

const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  const deadline = performance.now() + WITHIN_MS
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what}: never`)
    await pause(50)
  }
}

const followOnce = async (api: string, dir: string, round: number, lines: number): Promise<Followed> => {
  const name = `writer-${round}`
  const go = join(dir, `go-${round}`)
  const headers = { 'content-type': 'application/json' }
  const applied = await fetch(`${api}/api/v1/jobs`, { method: 'PUT', headers, body: specOf(name, go, lines) })
  if (!applied.ok) throw new Error(await applied.text())
  await until('the job runs', async () => {
    const answer = await fetch(`${api}/api/v1/executions?namespace=default&job=${name}`)
    const { items } = (await answer.json()) as { readonly items: readonly { readonly state: string }[] }
    return items.some(({ state }) => state === 'running' || state === 'validating')
  })
  const cli = spawn(process.execPath, [COMMAND, 'logs', name, '-f', '--stdout', '--no-prefix', '--server', api], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const counted = await count(cli.stdout, lines, () => writeFileSync(go, ''))
    return { ...counted, cpuSeconds: cpuSeconds(cli.pid ?? 0) }
  } finally {
    cli.kill('SIGINT')
    await fetch(`${api}/api/v1/jobs/default/${name}/stop`, { method: 'POST', headers, body: '{}' })
  }
}

const middle = (counts: readonly Count[]): number => {
  const speeds = counts.map(({ lines, ms }) => (lines / ms) * 1000).toSorted((a, b) => a - b)
  return speeds[Math.floor(speeds.length / 2)] ?? 0
}

const run = async (context: BenchContext) => {
  const { dir, quick, say } = context
  const lines = quick ? 10_000 : LINES
  const rounds = quick ? 1 : ROUNDS
  const agentFile = await bundleAgent(mkdtempSync(join(dir, 'agent-')))
  return withServer(context, async ({ url }) => {
    const services: RunningService[] = []
    const dataDir = mkdtempSync(join(dir, 'node-'))
    try {
      for (const name of ['api', 'scheduler', 'rollout-engine']) {
        const args = ['--nats-url', url, ...(name === 'api' ? ['--port', '0'] : [])]
        services.push(await startService(await bundledService(name, dir), args))
      }
      services.push(await startService(agentFile, ['--nats-url', url, '--data-dir', dataDir, '--node-id', 'writer']))
      const api = String(services[0]?.facts['url'])
      const [apiPid = 0, agentPid = 0] = [services[0]?.pid, services.at(-1)?.pid]
      const followed: Followed[] = []
      const floors: Count[] = []
      const before = [cpuSeconds(apiPid), cpuSeconds(agentPid)] as const
      for (let round = 0; round < rounds; round++) {
        followed.push(await followOnce(api, dir, round, lines))
        floors.push(await floor(dir, lines))
        say(`log_follow: round ${round + 1} of ${rounds}, ${Math.round(middle(followed.slice(-1)))} lines/s`)
      }
      const each = (seconds: number): string => ((seconds * 1e6) / (lines * rounds)).toFixed(2)
      const ofCommand = followed.reduce((sum, one) => sum + one.cpuSeconds, 0)
      const bytes = Math.round((followed[0]?.bytes ?? 0) / lines)
      const detail =
        `${lines} lines of ${bytes} bytes written at once, followed over agent, server, API and command; median of ${rounds}; ` +
        `a pipe with the same bytes: ${Math.round(middle(floors)).toLocaleString('en')} lines/s; ` +
        `CPU a line: agent ${each(cpuSeconds(agentPid) - before[1])}, API ${each(cpuSeconds(apiPid) - before[0])}, command ${each(ofCommand)} us`
      return [figure('log_follow', middle(followed), 'lines/s', { atLeast: 50_000 }, detail)]
    } finally {
      for (const one of services.toReversed()) await one.stop()
      await endTasks(dataDir)
    }
  })
}

export const logFollow: Bench = { figures: ['log_follow'], run }
