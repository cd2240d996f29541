// The official release from GitHub, for the platforms that the project is developed and run on.
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addToCache } from '../cache.ts'
import { NATS_SERVER_VERSION } from '../version.ts'
import { runCommand } from './run-command.ts'

const RELEASE = `https://github.com/nats-io/nats-server/releases/download/v${NATS_SERVER_VERSION}`
const CONNECT_TIMEOUT_MS = 5_000
const DOWNLOAD_TIMEOUT_MS = 120_000

/** The release's word for this machine, undefined when the project does not fetch for it. */
export function platformName(platform: string, arch: string): string | undefined {
  if (platform !== 'linux' && platform !== 'darwin') return undefined
  if (arch !== 'x64' && arch !== 'arm64') return undefined
  return `${platform}-${arch === 'x64' ? 'amd64' : 'arm64'}`
}

/** The checksum of `file` in a SHA256SUMS text, lower case. */
function checksumOf(sums: string, file: string): string | undefined {
  for (const line of sums.split('\n')) {
    const match = /^([0-9a-fA-F]{64}) [ *](.+)$/.exec(line.trimEnd())
    if (match?.[2] === file) return match[1]?.toLowerCase()
  }
  return undefined
}

/** @throws Error when the bytes are not the ones that the release published */
export function verifyChecksum(bytes: Uint8Array, sums: string, file: string): void {
  const expected = checksumOf(sums, file)
  if (expected === undefined) throw new Error(`SHA256SUMS of the release does not name ${file}`)
  const actual = createHash('sha256').update(bytes).digest('hex')
  if (actual !== expected) throw new Error(`${file} has sha256 ${actual}, the release says ${expected}: not used`)
}

/** Downloads, verifies and unpacks the release into the cache. */
export async function fetchRelease(
  dir: string,
  say: (line: string) => void,
): Promise<{ path: string } | { problem: string }> {
  const platform = platformName(process.platform, process.arch)
  if (platform === undefined) return { problem: `none for ${process.platform} ${process.arch}` }
  const name = `nats-server-v${NATS_SERVER_VERSION}-${platform}`
  const archive = `${name}.tar.gz`
  return addToCache(dir, async (workDir) => {
    // The checksums are those that the release itself publishes, over https: they show a damaged or half download, and
    // trust GitHub as much as the archive does. The values are not pinned here, because they could not be had when
    // this was written; `go install` below is checked against Go's public checksum database.
    const sums = Buffer.from(await download(`${RELEASE}/SHA256SUMS`)).toString('utf8')
    say(`release: downloading ${archive}`)
    const bytes = await download(`${RELEASE}/${archive}`)
    verifyChecksum(bytes, sums, archive)
    const file = join(workDir, archive)
    writeFileSync(file, bytes)
    const unpacked = await runCommand('tar', ['-xzf', file, '-C', workDir], { timeoutMs: 60_000 })
    if (!unpacked.ok) throw new Error(unpacked.problem)
    return join(workDir, name, 'nats-server')
  })
}

async function download(url: string): Promise<Uint8Array> {
  const abort = new AbortController()
  let timer = setTimeout(() => abort.abort(new Error(`no answer in ${CONNECT_TIMEOUT_MS} ms`)), CONNECT_TIMEOUT_MS)
  try {
    const response = await fetch(url, { signal: abort.signal })
    clearTimeout(timer)
    timer = setTimeout(() => abort.abort(new Error(`not whole in ${DOWNLOAD_TIMEOUT_MS} ms`)), DOWNLOAD_TIMEOUT_MS)
    if (!response.ok) throw new Error(`answered ${response.status}`)
    return new Uint8Array(await response.arrayBuffer())
  } catch (error) {
    throw new Error(`${new URL(url).host}: ${reasonOf(error)}`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

/** fetch() hides the reason (no such host, refused) in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
