/** Looks at this bundle and this machine, and changes neither: what an agent needs, and what it would merely miss. */
import { accessSync, constants, existsSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { hasDuckdb } from '../drivers/query/find-duckdb.ts'
import { compareVersions } from '../update/version-order.ts'

export interface Finding {
  readonly what: string
  /** `missing` costs a capability; `failed` means that no agent can run here. */
  readonly is: 'ok' | 'missing' | 'failed'
  readonly text: string
}

export interface CheckOptions {
  readonly version: string
  /** What the bundle shall be. */
  readonly isVersion: string | undefined
  readonly dataDir: string
  /** Servers to reach; empty when none is known. */
  readonly natsUrls: readonly string[]
  /** URL of the agent's own entry file. */
  readonly entry: string
}

const LEAST_NODE = '26.0.0'
const LEAST_FREE_BYTES = 64 * 1024 * 1024
const REACH_WITHIN_MS = 3_000

export const check = async (options: CheckOptions): Promise<Finding[]> => [
  ofNode(process.versions.node),
  ofVersion(options),
  ofBundle(options.entry),
  ...ofDataDir(options.dataDir),
  await ofJournal(),
  ofControlGroups(),
  ofEngine(),
  ofQueries(options.entry),
  ...(await Promise.all(options.natsUrls.map(ofServer))),
]

const ok = (what: string, text: string): Finding => ({ what, is: 'ok', text })
const missing = (what: string, text: string): Finding => ({ what, is: 'missing', text })
const failed = (what: string, text: string): Finding => ({ what, is: 'failed', text })

export const ofNode = (version: string): Finding =>
  compareVersions(version, LEAST_NODE) < 0
    ? failed('node', `Node ${version} runs this, and ${LEAST_NODE} is the oldest that can`)
    : ok('node', `Node ${version}`)

export const ofVersion = ({ version, isVersion }: Pick<CheckOptions, 'version' | 'isVersion'>): Finding =>
  isVersion === undefined || isVersion === version
    ? ok('version', `dunlin-agent ${version}`)
    : failed('version', `this is dunlin-agent ${version}, and it shall be ${isVersion}`)

/** The files that the agent starts or loads later must lie beside it; from sources they are there by themselves. */
const ofBundle = (entry: string): Finding => {
  const file = fileURLToPath(entry)
  if (!file.endsWith('.mjs')) return ok('bundle', 'running from sources or from a package')
  const beside = readdirSync(dirname(file)).filter((name) => name.endsWith('.mjs'))
  return beside.includes('pipeline-process.mjs')
    ? ok('bundle', beside.join(', '))
    : missing('bundle', 'pipeline-process.mjs does not lie beside it: pipelines cannot run')
}

const ofDataDir = (dataDir: string): Finding[] => {
  const there = nearestFolder(dataDir)
  try {
    accessSync(there, constants.W_OK | constants.X_OK)
    if (!statSync(there).isDirectory()) throw new Error(`${there} is no folder`)
    // A file system may be mounted read-only, or be full: only a write tells.
    if (there === dataDir) {
      writeFileSync(join(dataDir, `.check-${process.pid}`), 'x')
      rmSync(join(dataDir, `.check-${process.pid}`))
    }
  } catch (error) {
    return [
      failed('data', `${dataDir} cannot be written to: ${error instanceof Error ? error.message : String(error)}`),
    ]
  }
  const { bavail, bsize } = statfsSync(there)
  const mib = Math.floor((bavail * bsize) / 1_048_576)
  const disk = bavail * bsize < LEAST_FREE_BYTES ? failed : ok
  return [ok('data', `${dataDir} can be written to`), disk('disk', `${mib} MiB are free below ${dataDir}`)]
}

/** The folder itself, or the one in which it would be made. */
const nearestFolder = (path: string): string => (existsSync(path) ? path : nearestFolder(dirname(path)))

const ofJournal = async (): Promise<Finding> => {
  try {
    const { DatabaseSync } = await import('node:sqlite')
    new DatabaseSync(':memory:').close()
    return ok('journal', 'SQLite is there')
  } catch (error) {
    return failed('journal', `this Node has no SQLite: ${String(error)}`)
  }
}

const isWritable = (folder: string): boolean => {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

const ofControlGroups = (): Finding => {
  if (existsSync('/sys/fs/cgroup/cgroup.controllers')) return ok('limits', 'control groups of version 2')
  if (isWritable('/sys/fs/cgroup/memory')) return ok('limits', 'control groups of version 1')
  return missing('limits', 'no control groups that this user may use: limits of jobs are not enforced')
}

const ofEngine = (): Finding => {
  const sockets = [
    '/run/podman/podman.sock',
    '/var/run/docker.sock',
    `/run/user/${process.getuid?.() ?? 0}/podman/podman.sock`,
  ]
  const there = sockets.find((path) => existsSync(path))
  return there
    ? ok('containers', there)
    : missing('containers', 'no socket of Docker or Podman: no container jobs here')
}

const ofQueries = (entry: string): Finding =>
  hasDuckdb(entry)
    ? ok('queries', 'DuckDB is there')
    : missing('queries', '@duckdb/node-api is not installed beside the agent: no query jobs here')

/** A server that is away is no reason not to install: the agent waits for it. */
const ofServer = async (url: string): Promise<Finding> => {
  const { hostname, port, protocol } = new URL(url)
  const number = Number(port || (protocol === 'wss:' ? 443 : protocol === 'ws:' ? 80 : 4222))
  const socket = connect(number, hostname.replace(/^\[|\]$/g, ''))
  try {
    const answer = new Promise<string | undefined>((resolve) => {
      socket.once('connect', () => resolve(undefined))
      socket.once('error', (error) => resolve(error.message))
    })
    const why = await Promise.race([
      answer,
      delay(REACH_WITHIN_MS, `no answer within ${REACH_WITHIN_MS} ms`, { ref: false }),
    ])
    return why === undefined ? ok('server', `${url} takes connections`) : missing('server', `${url}: ${why}`)
  } finally {
    socket.destroy()
  }
}
