// One operating system process of nats-server: from the spawn until it answers, and its end by its own pid.
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { readGreeting, type Greeting } from './greeting.ts'
import { NatsServerStartError } from './server-config.ts'

export interface ServerProcess {
  readonly pid: number
  readonly greeting: Greeting
  /** Resolves when the process is gone, however that came about. */
  readonly ended: Promise<void>
  /** SIGTERM, and SIGKILL when it is still there after the grace. */
  end(graceMs: number): Promise<void>
  kill9(): Promise<void>
}

export interface SpawnOptions {
  readonly binary: string
  readonly configFile: string
  readonly logFile: string
  readonly port: number
  readonly serverName: string
  readonly startTimeoutMs: number
  readonly ownGroup: boolean
}

/** @throws NatsServerStartError, with the end of the server's log, when it does not answer in time */
export async function spawnServer(options: SpawnOptions): Promise<ServerProcess> {
  const log = openSync(options.logFile, 'a')
  const child = spawn(options.binary, ['-c', options.configFile], {
    stdio: ['ignore', log, log],
    detached: options.ownGroup,
  })
  closeSync(log)
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  forgetWithParent(child, ended)
  const outcome = await Promise.race([ready(options), ended.then(() => 'it ended at once')])
  if (typeof outcome === 'string' || child.pid === undefined) {
    const reason = typeof outcome === 'string' ? outcome : 'it has no pid'
    child.kill('SIGKILL')
    await ended
    throw new NatsServerStartError(`nats-server on port ${options.port}: ${reason}\n${tail(options.logFile)}`)
  }
  const kill9 = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  return {
    pid: child.pid,
    greeting: outcome,
    ended,
    kill9,
    end: async (graceMs) => {
      child.kill('SIGTERM')
      const grace = new AbortController()
      const late = delay(graceMs, 'late', { signal: grace.signal }).catch(() => 'ended')
      const result = await Promise.race([ended, late])
      grace.abort()
      if (result === 'late') await kill9()
    },
  }
}

/** Polls until the server greets with JetStream on; the listener opens only after the store is recovered. */
async function ready({ port, serverName, startTimeoutMs }: SpawnOptions): Promise<Greeting | string> {
  const deadline = Date.now() + startTimeoutMs
  let last = 'it never answered'
  while (Date.now() < deadline) {
    try {
      const greeting = await readGreeting('127.0.0.1', port, 1_000)
      if (greeting.serverName === serverName && greeting.jetstream) return greeting
      last = greeting.serverName === serverName ? 'it runs without JetStream' : 'another server answers there'
    } catch (error) {
      last = error instanceof Error ? error.message : String(error)
    }
    await delay(20)
  }
  return `not ready after ${startTimeoutMs} ms: ${last}`
}

// A test worker or launcher that leaves without stop() must not leave a server behind.
function forgetWithParent(child: ChildProcess, ended: Promise<void>): void {
  const onExit = (): void => void child.kill('SIGKILL')
  process.once('exit', onExit)
  void ended.then(() => process.removeListener('exit', onExit))
}

function tail(logFile: string): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-8).join('\n')
}
