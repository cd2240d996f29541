// Finds a nats-server, or fetches one: the first of these that works.
//   1. DUNLIN_NATS_URL      a server that runs already
//   2. DUNLIN_NATS_SERVER   the path of a binary
//   3. the PATH
//   4. the project's cache
//   5. the official release 6. `go install` 7. Debian's package   (only when fetching is allowed)
// What a person set (1, 2) must work: silently taking another server than the one he named would be a lie.
import { cacheDir, cachedBinary } from './cache.ts'
import { fetchRelease } from './fetch/release.ts'
import { goInstall } from './fetch/go-install.ts'
import { aptInstall } from './fetch/apt-install.ts'
import { addressOf, readGreeting } from './greeting.ts'
import { onPath } from './on-path.ts'
import { NATS_SERVER_VERSION, probeBinary } from './version.ts'

export type FoundNatsServer =
  | { readonly kind: 'running'; readonly url: string; readonly version: string }
  | { readonly kind: 'binary'; readonly path: string; readonly version: string; readonly source: string }

export interface FindOptions {
  /** Told of each attempt, one line each. Default: nobody. */
  readonly say?: (line: string) => void
  /** Default: the process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Whether one may be downloaded, built or installed. Default true. */
  readonly fetch?: boolean
  /** Whether DUNLIN_NATS_URL counts: a test that kills its server needs one of its own. Default true. */
  readonly acceptRunning?: boolean
}

/** No nats-server anywhere; says every attempt and how to help oneself. */
export class NatsServerNotFoundError extends Error {
  override readonly name = 'NatsServerNotFoundError'
  readonly attempts: readonly string[]
  constructor(attempts: readonly string[]) {
    super(
      `no nats-server found:\n${attempts.map((line) => `  ${line}\n`).join('')}` +
        `Install nats-server ${NATS_SERVER_VERSION} and put it on the PATH, or set DUNLIN_NATS_SERVER to the binary, ` +
        'or DUNLIN_NATS_URL to a server that runs.',
    )
    this.attempts = attempts
  }
}

/** A place to get a server from: its name for people, and the path of a binary or the reason why there is none. */
interface Source {
  readonly name: string
  readonly get: () => Promise<{ path: string } | { problem: string }>
}

/** @throws NatsServerNotFoundError when nothing works, or when what the environment names does not */
export async function findNatsServer(options: FindOptions = {}): Promise<FoundNatsServer> {
  const env = options.env ?? process.env
  const attempts: string[] = []
  const say = (line: string): void => {
    attempts.push(line)
    options.say?.(`nats-server: ${line}`)
  }

  const url = env['DUNLIN_NATS_URL'] ?? ''
  if (url !== '' && options.acceptRunning !== false) return useRunning(url, attempts, say)

  const named = env['DUNLIN_NATS_SERVER'] ?? ''
  if (named !== '') {
    const found = await useSource({ name: 'DUNLIN_NATS_SERVER', get: async () => ({ path: named }) }, say)
    if (found === undefined) throw new NatsServerNotFoundError(attempts)
    return found
  }

  const dir = cacheDir(env)
  const local: Source[] = [
    { name: 'PATH', get: async () => onPath('nats-server', env['PATH'] ?? '') },
    { name: 'cache', get: async () => cachedBinary(dir) },
  ]
  const remote: Source[] = [
    { name: 'release', get: () => fetchRelease(dir, say) },
    { name: 'go install', get: () => goInstall(dir, env, say) },
    { name: 'apt-get', get: () => aptInstall(env, say) },
  ]
  for (const source of options.fetch === false ? local : [...local, ...remote]) {
    const found = await useSource(source, say)
    if (found !== undefined) return found
  }
  throw new NatsServerNotFoundError(attempts)
}

async function useSource(source: Source, say: (line: string) => void): Promise<FoundNatsServer | undefined> {
  const got = await source.get()
  if ('problem' in got) {
    say(`${source.name}: ${got.problem}`)
    return undefined
  }
  const { path } = got
  const probed = await probeBinary(path)
  if ('problem' in probed) {
    say(`${source.name}: ${path} ${probed.problem}`)
    return undefined
  }
  say(`${source.name}: ${path}, version ${probed.version}`)
  return { kind: 'binary', path, version: probed.version, source: source.name }
}

async function useRunning(url: string, attempts: string[], say: (line: string) => void): Promise<FoundNatsServer> {
  try {
    const { host, port } = addressOf(url)
    const { version, jetstream } = await readGreeting(host, port, 5_000)
    if (!jetstream) throw new Error('it runs without JetStream')
    say(`DUNLIN_NATS_URL: ${host}:${port} runs version ${version}`)
    return { kind: 'running', url, version }
  } catch (error) {
    say(`DUNLIN_NATS_URL: ${error instanceof Error ? error.message : String(error)}`)
    throw new NatsServerNotFoundError(attempts)
  }
}
