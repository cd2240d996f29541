// Where a fetched nats-server is kept, and how it gets there whole: two set-ups at once each make their own and the
// later rename wins; nobody ever sees half a binary.
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { isExecutable } from './on-path.ts'
import { NATS_SERVER_VERSION, probeBinary } from './version.ts'

/** The folder of the pinned version. */
export function cacheDir(env: Readonly<Record<string, string | undefined>>): string {
  const xdg = env['XDG_CACHE_HOME'] ?? ''
  const base = xdg === '' ? join(env['HOME'] ?? homedir(), '.cache') : xdg
  return join(base, 'dunlin', 'nats-server', `v${NATS_SERVER_VERSION}`)
}

export function cachedBinary(dir: string): { path: string } | { problem: string } {
  const path = join(dir, 'nats-server')
  return isExecutable(path) ? { path } : { problem: 'not found' }
}

/**
 * Gives `make` an empty folder beside the cache, checks the binary it leaves there and moves it into the cache.
 * @param make returns the path of the new binary; what it throws becomes the problem
 */
export async function addToCache(
  dir: string,
  make: (workDir: string) => Promise<string>,
): Promise<{ path: string } | { problem: string }> {
  let workDir: string | undefined
  try {
    mkdirSync(dir, { recursive: true })
    workDir = mkdtempSync(join(dir, 'making-'))
    const made = await make(workDir)
    chmodSync(made, 0o755)
    const probed = await probeBinary(made)
    if ('problem' in probed) return { problem: `what was fetched ${probed.problem}` }
    if (probed.version !== NATS_SERVER_VERSION) return { problem: `fetched version ${probed.version}` }
    const path = join(dir, 'nats-server')
    renameSync(made, path)
    return { path }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  } finally {
    if (workDir !== undefined) rmSync(workDir, { recursive: true, force: true })
  }
}
