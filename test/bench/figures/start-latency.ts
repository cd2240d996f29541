/**
 * `start_latency`, `start_latency_p99`: from the moment at which a document with one more execution leaves the centre until
 * the command itself says that it runs: server, doorbell, fetching the new content, announcing it to the log, shim. The floor
 * is the same command spawned by the bench.
 */
import { execFileSync, spawn } from 'node:child_process'
import { createReadStream, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import type { Bench, BenchContext } from '../bench.ts'
import { figure } from '../figure.ts'
import { quantile } from '../measure/rounds.ts'
import { processContent, startOneNode } from '../stage/one-node.ts'
import { bundleAgent } from '../stage/repository.ts'
import { withServer } from '../stage/server.ts'
import { withStore } from '../stage/store.ts'
import { endTasks } from '../stage/tasks.ts'

const WARM_UPS = 20
const STARTS = 400
/** Between two starts: what the last one left to do is done. */
const PAUSE_MS = 60
const WITHIN_MS = 30_000

/** A named pipe that commands write a word to; resolves at the word. */
const createEar = (dir: string) => {
  const file = join(dir, 'ear')
  execFileSync('mkfifo', [file])
  const waiting = new Map<string, (atMs: number) => void>()
  // Open for both directions: it does not end when a writer leaves.
  const stream = createReadStream(file, { flags: 'r+' })
  createInterface({ input: stream }).on('line', (word) => {
    waiting.get(word)?.(performance.now())
    waiting.delete(word)
  })
  return {
    command: (word: string): readonly [string, readonly string[]] => ['/bin/sh', ['-c', `echo ${word} >${file}`]],
    heard: (word: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`${word} was never started`)), WITHIN_MS)
        waiting.set(word, (atMs) => {
          clearTimeout(late)
          resolve(atMs)
        })
      }),
    close: () => {
      stream.destroy()
      // Wakes the read that waits in the thread pool.
      execFileSync('/bin/sh', ['-c', `echo >${file}`], { timeout: 5_000 })
    },
  }
}

const run = async (context: BenchContext) => {
  const { dir, quick } = context
  const agentFile = await bundleAgent(mkdtempSync(join(dir, 'agent-')))
  const starts = quick ? 3 : STARTS
  return withServer(context, ({ url }) =>
    withStore(url, async (store) => {
      const node = await startOneNode({ url, store, agentFile, dir, node: 'starts' })
      const ear = createEar(dir)
      const took: number[] = []
      const bare: number[] = []
      try {
        for (let n = -(quick ? 1 : WARM_UPS); n < starts; n += 1) {
          const word = `start-${n}`
          const entry = await node.entry(`job-${n}`, processContent(...ear.command(word)))
          const heard = ear.heard(word)
          const began = performance.now()
          await node.write([entry])
          const ms = (await heard) - began
          await pause(PAUSE_MS)
          const [command, args] = ear.command(`bare-${n}`)
          const bareHeard = ear.heard(`bare-${n}`)
          const bareBegan = performance.now()
          const child = spawn(command, args, { stdio: 'ignore' })
          const bareMs = (await bareHeard) - bareBegan
          if (child.exitCode === null && child.signalCode === null)
            await new Promise((done) => child.once('exit', done))
          if (n < 0) continue
          took.push(ms)
          bare.push(bareMs)
        }
      } finally {
        await node.agent.stop()
        await endTasks(node.dataDir)
        ear.close()
      }
      const ms = (values: readonly number[], share: number): string => quantile(values, share).toFixed(1)
      const detail = `${starts} starts, each of new content: median ${ms(took, 0.5)}, p90 ${ms(took, 0.9)}, p99 ${ms(took, 0.99)}, longest ${ms(took, 1)} ms; spawned bare: median ${ms(bare, 0.5)}, p99 ${ms(bare, 0.99)} ms`
      return [
        figure('start_latency', quantile(took, 0.5), 'ms', { below: 15 }, detail),
        figure('start_latency_p99', quantile(took, 0.99), 'ms', { below: 60 }, detail),
      ]
    }),
  )
}

export const startLatency: Bench = { figures: ['start_latency', 'start_latency_p99'], run }
