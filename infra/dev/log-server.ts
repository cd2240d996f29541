/** The server of the log: one that the environment names, or a nats-server of our own that comes back when it dies. */
import { findNatsServer, startServer, type NatsServer } from '@dunlin/nats-server'
import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { LaunchError, say } from './say.ts'

export interface LogServer {
  readonly url: string
  readonly version: string
  stop(): Promise<void>
  kill(): Promise<void>
}

export interface LogServerOptions {
  /** Undefined or 0 = any free port. */
  readonly port: number | undefined
  readonly dataDir: string
  /** False: always a server of its own, whatever DUNLIN_NATS_URL says. */
  readonly acceptRunning: boolean
  /** Further lines of its configuration. */
  readonly config?: string | undefined
}

export const startLogServer = async (options: LogServerOptions): Promise<LogServer> => {
  const { port, dataDir, acceptRunning } = options
  // Only what takes time or fails is worth a line: the finding of a binary that is there is not.
  const attempts: string[] = []
  const found = await findNatsServer({
    acceptRunning,
    say: (line) => (/download|install|fetch|build/i.test(line) ? say(line) : attempts.push(line)),
  })
  if (found.kind === 'running') {
    if (port !== undefined)
      throw new LaunchError('--nats-port is for a server started here, but DUNLIN_NATS_URL names one', 'usage')
    return { url: found.url, version: found.version, stop: nothing, kill: nothing }
  }
  const server = await startServer({
    binary: found.path,
    storeDir: join(dataDir, 'nats'),
    port: port ?? 0,
    logFile: join(dataDir, 'logs', 'nats-server.log'),
    ownGroup: true,
    ...(options.config === undefined ? {} : { extraConfig: options.config }),
  })
  return keepAlive(server)
}

/** A server that somebody else runs is left as it is. */
const nothing = async (): Promise<void> => {}

const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 30_000

const keepAlive = (server: NatsServer): LogServer => {
  let stopped = false
  let guard = guardOf(server.pid)
  let again: NodeJS.Timeout | undefined
  let restarting: Promise<void> = Promise.resolve()

  const watch = (delayMs: number): void =>
    void server.ended().then(() => {
      guard.kill('SIGKILL')
      if (stopped) return
      say(`nats-server ended unexpectedly; again in ${delayMs / 1000} s (log: ${server.logFile})`)
      restartIn(delayMs)
    })
  const restartIn = (delayMs: number): void => {
    again = setTimeout(() => {
      restarting = restart(Math.min(LONGEST_DELAY_MS, delayMs * 2))
    }, delayMs)
  }
  const restart = async (nextDelayMs: number): Promise<void> => {
    try {
      await server.restart()
      guard = guardOf(server.pid)
      say('nats-server is back')
      watch(FIRST_DELAY_MS)
    } catch (error) {
      if (stopped) return
      say(`nats-server does not start: ${error instanceof Error ? error.message : String(error)}`)
      restartIn(nextDelayMs)
    }
  }
  watch(FIRST_DELAY_MS)

  const end = async (how: 'stop' | 'kill9'): Promise<void> => {
    stopped = true
    clearTimeout(again)
    await restarting
    await server[how]()
    guard.kill('SIGKILL')
  }
  return { url: server.url, version: server.version, stop: () => end('stop'), kill: () => end('kill9') }
}

/**
 * nats-server does not notice when its launcher is killed with -9, so a shell does: its standard input closes then. It
 * waits a little, so that services and agents, which notice by themselves, can still write their last words.
 */
const GUARD = `
trap '' INT TERM HUP
while read -r _; do :; done
sleep 3
kill -TERM "$1" 2>/dev/null || exit 0
sleep 5
kill -KILL "$1" 2>/dev/null
`
const guardOf = (pid: number): ChildProcess => {
  const guard = spawn('/bin/sh', ['-c', GUARD, 'dunlin-guard', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.on('error', () => {})
  guard.stdin.on('error', () => {})
  guard.unref()
  return guard
}
