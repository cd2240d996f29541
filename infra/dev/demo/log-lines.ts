/** An application that logs: a few JSON lines a tick into /var/log/app of every node, one in two hundred broken. */
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { join } from 'node:path'
import type { PlannedNode } from '../node-plan.ts'

export interface LogLines {
  /** Lines written so far, over all nodes. */
  readonly written: number
  stop(): Promise<void>
}

const TICK_MS = 50
const LINES_PER_TICK = 2
/** A real log is never quite clean: some lines are cut off. Below the 10 % that the rollout tolerates. */
const BROKEN_EVERY = 200

const paths = ['/', '/cart', '/search', '/login', '/health'] as const

export const startLogLines = (nodes: readonly PlannedNode[]): LogLines => {
  const files = nodes.map(({ appLogs, id }) => ({
    id,
    file: createWriteStream(join(appLogs, 'web.log'), { flags: 'a' }),
  }))
  let n = 0
  let written = 0
  const timer = setInterval(() => {
    for (let i = 0; i < LINES_PER_TICK; i += 1) {
      n += 1
      for (const { id, file } of files) {
        file.write(`${line(id, n)}\n`)
        written += 1
      }
    }
  }, TICK_MS)
  return {
    get written() {
      return written
    },
    stop: async () => {
      clearInterval(timer)
      await Promise.all(
        files.map(async ({ file }) => {
          file.end()
          await finished(file)
        }),
      )
    },
  }
}

const line = (node: string, n: number): string => {
  const json = JSON.stringify({
    time: new Date().toISOString(),
    level: n % 17 === 0 ? 'warn' : 'info',
    host: node,
    path: paths[n % paths.length],
    status: n % 17 === 0 ? 503 : 200,
    duration: `${5 + ((n * 37) % 90)}ms`,
  })
  return n % BROKEN_EVERY === 0 ? json.slice(0, 40) : json
}
