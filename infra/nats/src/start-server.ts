// A nats-server with JetStream on loopback that can be stopped, killed, and started again on its port and store.
import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { freePort } from './free-port.ts'
import { NatsServerStartError, renderConfig } from './server-config.ts'
import { spawnServer, type ServerProcess } from './server-process.ts'
import { probeBinary } from './version.ts'

export interface NatsServerOptions {
  /** Path of the nats-server to run (`findNatsServer` finds one). */
  readonly binary: string
  /** JetStream's files; also the place of the configuration and, unless told otherwise, the log. Kept after stop(). */
  readonly storeDir: string
  /** 0 or absent: any free port. */
  readonly port?: number
  readonly logFile?: string
  /** Default 1 MiB, as in production: what does not fit must fail here too. */
  readonly maxPayloadBytes?: number
  /** `always`, or a Go duration; needs nats-server 2.10. */
  readonly syncInterval?: string
  readonly maxFileStoreBytes?: number
  readonly extraConfig?: string
  /** Default 15 s. */
  readonly startTimeoutMs?: number
  /** Default 5 s, then SIGKILL. */
  readonly stopGraceMs?: number
  /** In a process group of its own, so that a Ctrl-C in the terminal does not stop it before its users. Default false. */
  readonly ownGroup?: boolean
}

export interface NatsServer {
  readonly url: string
  readonly port: number
  /** Of the process that runs now; the last one's when it is down. */
  readonly pid: number
  readonly version: string
  readonly storeDir: string
  readonly logFile: string
  readonly running: boolean
  /** Resolves when the process that runs now is gone, whoever ended it. */
  ended(): Promise<void>
  /** SIGTERM, then SIGKILL after the grace. May be called twice. */
  stop: () => Promise<void>
  /** What a power cut does: SIGKILL, without a chance to flush. */
  kill9(): Promise<void>
  /** Stops it if it runs, and starts it again on the same port and store. */
  restart(): Promise<void>
}

/** @throws NatsServerStartError when the binary does not run, refuses its configuration or does not become ready */
export async function startServer(options: NatsServerOptions): Promise<NatsServer> {
  const probed = await probeBinary(options.binary)
  if ('problem' in probed) throw new NatsServerStartError(`${options.binary} ${probed.problem}`)
  const { version } = probed
  const storeDir = resolve(options.storeDir)
  mkdirSync(storeDir, { recursive: true })
  const configFile = join(storeDir, 'nats-server.conf')
  const logFile = options.logFile ?? join(storeDir, 'nats-server.log')

  async function spawnOn(port: number): Promise<ServerProcess> {
    const serverName = `dunlin-${randomUUID()}`
    const config = renderConfig(
      { ...options, serverName, port, storeDir, maxPayloadBytes: options.maxPayloadBytes ?? 1_048_576 },
      version,
    )
    writeFileSync(configFile, config)
    const { binary, startTimeoutMs = 15_000, ownGroup = false } = options
    return spawnServer({ binary, configFile, logFile, port, serverName, startTimeoutMs, ownGroup })
  }

  async function firstStart(): Promise<{ port: number; started: ServerProcess }> {
    if (options.port !== undefined && options.port !== 0) {
      return { port: options.port, started: await spawnOn(options.port) }
    }
    // Somebody else may take the free port between the look and the start.
    for (let attempt = 1; ; attempt++) {
      const port = await freePort()
      try {
        return { port, started: await spawnOn(port) }
      } catch (error) {
        if (attempt === 5 || !String(error).includes('address already in use')) throw error
      }
    }
  }

  const { port, started } = await firstStart()
  let current = started
  let running = true
  watch(current)

  function watch(serverProcess: ServerProcess): void {
    void serverProcess.ended.then(() => {
      if (current === serverProcess) running = false
    })
  }

  async function stop(): Promise<void> {
    if (running) await current.end(options.stopGraceMs ?? 5_000)
  }

  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    version,
    storeDir,
    logFile,
    get pid() {
      return current.pid
    },
    get running() {
      return running
    },
    ended: () => current.ended,
    stop,
    kill9: async () => {
      if (running) await current.kill9()
    },
    restart: async () => {
      await stop()
      current = await spawnOn(port)
      running = true
      watch(current)
    },
  }
}
